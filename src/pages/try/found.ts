/**
 * What an answer says, of whatever pipeline: items of its lists, with words, confidence and a place
 * on the picture where they have one.
 *
 * @module
 */

export type Corner = [x: number, y: number]

export interface Found {
  text: string
  /** It names what is there; else it is what is written there. */
  named: boolean
  confidence: number | null
  /** Corners in pixels of the picture. */
  box: Corner[] | null
}

/** The names of the lists, and the items of all. */
export function foundIn(outputs: Record<string, unknown>): { list: string; items: Found[] } {
  const lists = Object.entries(outputs).filter(([, value]) => Array.isArray(value))
  const items = lists.flatMap(([, value]) => value as unknown[])
  return { list: lists.map(([name]) => name).join(' and ') || 'found', items: items.map(foundOf) }
}

function foundOf(item: unknown): Found {
  const fields = typeof item === 'object' && item !== null ? item as Record<string, unknown> : {}
  const words = [fields['text'], fields['label'], fields['class'], fields['name']]
  const isText = typeof fields['text'] === 'string'
  const numbers = [fields['confidence'], fields['score']]
  return {
    text: words.find((word) => typeof word === 'string') ?? JSON.stringify(item),
    named: !isText,
    confidence: numbers.find((number) => typeof number === 'number') ?? null,
    box: boxOf(fields['box']),
  }
}

/** Four corners, or `[x1, y1, x2, y2]`. */
function boxOf(box: unknown): Corner[] | null {
  if (!Array.isArray(box) || box.length < 3) return null
  if (box.every((corner) => Array.isArray(corner) && corner.length === 2)) return box
  if (box.length !== 4 || !box.every((value) => typeof value === 'number')) return null
  const [x1, y1, x2, y2] = box as [number, number, number, number]
  return [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]
}

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
    .flatMap(([name, value]) => listsIn(name, value as unknown[]))
  const items = lists.flatMap(([, value]) => value)
  const names = new Set(lists.map(([name]) => name))
  return { list: [...names].join(' and ') || 'found', items: items.map(foundOf) }
}

/** A detection that nothing follows has what it found in a list of its own, `found`. */
function listsIn(name: string, items: unknown[]): [name: string, items: unknown[]][] {
  return items.length === 0 ? [[name, []]] : items.map((item) => {
    const { found } = fieldsOf(item)
    return Array.isArray(found) ? ['found', found] : [name, [item]]
  })
}

const fieldsOf = (item: unknown): Record<string, unknown> =>
  typeof item === 'object' && item !== null ? item as Record<string, unknown> : {}

function foundOf(item: unknown): Found {
  const fields = fieldsOf(item)
  const words = [fields['text'], fields['label'], fields['class'], fields['name'], fields['kind']]
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

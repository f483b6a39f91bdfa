/**
 * Joins texts found in a picture: texts side by side form a row, rows stand one below the other.
 *
 * @module
 */
interface Run {
  text: string
  left: number
  top: number
  bottom: number
}

interface Row {
  runs: Run[]
  top: number
  bottom: number
}

/** Share of the lower of two runs that the other has to stand beside. */
const BESIDE = 0.5

/**
 * @param found each with `text`, and `box` as four corners; those without a text are passed over
 * @returns runs of a row joined by tabs, rows by line feeds
 */
export function textOfFound(found: readonly { readonly [field: string]: unknown }[]): string {
  const runs = found.flatMap((one): Run[] => {
    const { text, box } = one
    if (typeof text !== 'string' || text === '') return []
    const corners = cornersOf(box)
    if (corners === undefined) return [{ text, left: NaN, top: NaN, bottom: NaN }]
    const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)]
    return [{ text, left: Math.min(...xs), top: Math.min(...ys), bottom: Math.max(...ys) }]
  })
  // Texts without a place keep their order.
  const placed = runs.filter(({ top }) => !Number.isNaN(top))
  const others = runs.filter(({ top }) => Number.isNaN(top))
  const middle = ({ top, bottom }: Run) => (top + bottom) / 2
  placed.sort((a, b) => middle(a) - middle(b) || a.left - b.left)
  const rows: Row[] = []
  for (const run of placed) {
    // Rows further up are complete: runs come from above.
    const row = rows.slice(-3).find((row) => isBeside(run, row))
    if (row === undefined) rows.push({ runs: [run], top: run.top, bottom: run.bottom })
    else row.runs.push(run)
  }
  const lines = rows.map(({ runs }) =>
    runs.sort((a, b) => a.left - b.left).map(({ text }) => text).join('\t')
  )
  return [...lines, ...others.map(({ text }) => text)].join('\n')
}

/** A row is where its first run is: one that leans does not draw in the next. */
function isBeside(run: Run, row: Row): boolean {
  const shared = Math.min(run.bottom, row.bottom) - Math.max(run.top, row.top)
  const lower = Math.min(run.bottom - run.top, row.bottom - row.top)
  return shared > 0 && shared >= BESIDE * lower
}

function cornersOf(box: unknown): [number, number][] | undefined {
  if (!Array.isArray(box) || box.length !== 4) return undefined
  const isPoint = (point: unknown) =>
    Array.isArray(point) && point.length === 2 && point.every(Number.isFinite)
  return box.every(isPoint) ? box : undefined
}

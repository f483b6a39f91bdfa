/**
 * How a page is laid out: which way up it lies, its blocks in reading order, its tables.
 *
 * @module
 */
import type { Block, Line } from '../page.ts'
import { pageAngle, quarterOf } from './direction.ts'
import { areaOf, isNumberText, isPlaced, runOf, type Size } from './lines.ts'
import { type Extent, extentOf, median, type Placed, placed, runsAcross } from './placed.ts'
import { paragraphsOf } from './paragraphs.ts'
import { regionsOf } from './regions.ts'
import { rowsOf } from './rows.ts'
import { inSequence } from './sequence.ts'
import { tablesOf } from './tables.ts'

export interface Layout {
  /** Degrees clockwise by which the page has to be turned so that most of its text is upright. */
  turn: 0 | 90 | 180 | 270
  /** Each line is in one of them, once. */
  blocks: Block[]
}

/** A page with more lines is read row by row, as one block: what is found in it grows as squares. */
const MOST_LINES = 5000

/** So much of a line may two blocks reach into each other: boxes are drawn wider than the text. */
const SLACK = 0.4

/** A block as its lines are placed. */
type Found = Extent & ({ lines: Placed[] } | { rows: Placed[][][] })

/**
 * Reading of a line goes where the first edge of its box points. Lines across the page come after the
 * others, and last those that stand nowhere.
 *
 * @param size of the page: areas end at its edges
 */
export function layoutOf(lines: readonly Line[], size: Size): Layout {
  const known = lines.filter(isPlaced)
  const runs = known.map(({ box }) => runOf(box))
  const angle = pageAngle(runs)
  const all = placed(runs, angle)
  const linesOf = (some: readonly Placed[]) => some.map(({ index }) => known[index]!)
  const isNumber = (index: number) => isNumberText(known[index]!.text)
  const blocks = (all.length > MOST_LINES ? [asOne(all)] : inOrder(all, {
    isAcross: ({ index }) => runsAcross(runs[index]!, angle),
    isNumber,
  })).map((found): Block => {
    if ('rows' in found) {
      const rows = found.rows.map((row) => row.map(linesOf))
      return { kind: 'table', area: areaOf(rows.flat(2), size), rows }
    }
    const lines = linesOf(found.lines)
    return { kind: 'text', area: areaOf(lines, size), lines }
  })
  const lost = lines.filter((line) => !isPlaced(line))
  if (lost.length > 0) blocks.push({ kind: 'text', area: areaOf([], size), lines: lost })
  const turn = (4 - quarterOf(angle)) % 4 * 90 as Layout['turn']
  return { turn, blocks }
}

interface Told {
  isAcross(line: Placed): boolean
  isNumber(index: number): boolean
}

function inOrder(lines: readonly Placed[], { isAcross, isNumber }: Told): Found[] {
  const slack = SLACK * median(lines.map(({ height }) => height))
  const along = lines.filter((line) => !isAcross(line))
  const across = lines.filter(isAcross).map((line) => asOne([line]))
  const inRegions = regionsOf(along).flatMap((region) =>
    inSequence(foundIn(region, isNumber), slack)
  )
  return [...inRegions, ...inSequence(across, slack)]
}

/** Tables of a region, and paragraphs of what is above, between and below them. */
function foundIn(region: readonly Placed[], isNumber: (index: number) => boolean): Found[] {
  const rows = rowsOf(region)
  const found: Found[] = []
  let at = 0
  for (const { from, to, rows: cells } of tablesOf(rows, { longColumns: 1, isNumber })) {
    found.push(...paragraphsOf(rows.slice(at, from).flat()).map(asBlock))
    found.push({ ...extentOf(cells.flat(2)), rows: cells })
    at = to
  }
  found.push(...paragraphsOf(rows.slice(at).flat()).map(asBlock))
  return found
}

const asBlock = (lines: Placed[]): Found => ({ ...extentOf(lines), lines })

const asOne = (lines: readonly Placed[]): Found => asBlock(rowsOf(lines).flat())

/**
 * From a detector's probability map to boxes around lines: post-processing of differentiable
 * binarisation (Liao et al., AAAI 2020).
 *
 * @module
 */
import { components, outline } from './components.ts'
import { convexHull, minAreaRect, rectAtAngle } from './min_area_rect.ts'
import { boxScore } from './box_score.ts'
import { pageAngle } from '../documents/layout/direction.ts'
import { type Placed, placed } from '../documents/layout/placed.ts'
import { regionsOf } from '../documents/layout/regions.ts'
import { rowsOf } from '../documents/layout/rows.ts'
import { tablesOf } from '../documents/layout/tables.ts'
import { unclip } from './unclip.ts'
import { mergeRuns } from './visual_runs.ts'
import type { TextBox } from './box.ts'

export interface BoxOptions {
  /** Probability from which on a pixel is text. */
  threshold: number
  /** Mean probability that a box needs. */
  minScore: number
  /** How far boxes grow: see `unclip`. */
  unclipRatio: number
  /** Shortest side, in pixels of the map and before growing, of a box that is kept. */
  minSide: number
  /** Most boxes kept, largest first. */
  maxBoxes: number
}

export const defaultBoxOptions: BoxOptions = {
  threshold: 0.3,
  minScore: 0.5,
  unclipRatio: 1.6,
  minSide: 3,
  maxBoxes: 1000,
}

/** Gap, in line heights, up to which two pieces are of one line, even where columns stand. */
const WORD_GAP = 0.6
/** Of tables, of which nothing is read yet. */
const RULES = { longColumns: 1, isNumber: () => false }

/**
 * Whether an outline shows a direction. A short word's outline does not: it takes the page's, even
 * across, where the page lies on its side.
 */
function isTelling({ angle, width, height }: TextBox, pageAngle: number): boolean {
  if (Math.abs(angle - pageAngle) < 0.6) return width >= 3 * height
  return Math.abs(angle + Math.PI / 2 - pageAngle) >= 0.6 || width >= 2 * height
}

/** Boxes of lines in pixels of the map, in no order. `map` is row-major, `width` x `height`. */
export function textBoxes(
  map: Float32Array,
  width: number,
  height: number,
  options: BoxOptions = defaultBoxOptions,
): TextBox[] {
  const found = components(map, width, height, options.threshold)
    .filter((c) => c.pixels >= options.minSide * options.minSide)
    .sort((a, b) => b.pixels - a.pixels)
    .slice(0, options.maxBoxes)
    .map((component) => {
      const hull = convexHull(outline(component, 0.5))
      return { hull, rect: minAreaRect(hull) }
    })
  const angle = pageAngle(found.map((f) => f.rect))
  const kept: TextBox[] = []
  for (const { hull, rect } of found) {
    const box = isTelling(rect, angle) ? rect : rectAtAngle(hull, angle)
    if (Math.min(box.width, box.height) < options.minSide) continue
    if (boxScore(map, width, height, box) < options.minScore) continue
    kept.push(unclip(box, options.unclipRatio))
  }
  return linesOf(kept, angle)
}

/** Pieces joined to lines, but not those of one column, or of one cell of a table, with those beside it. */
function linesOf(pieces: readonly TextBox[], angle: number): TextBox[] {
  const near = mergeRuns(pieces, WORD_GAP)
  const boxesOf = (some: readonly Placed[]) => some.map(({ index }) => near[index]!)
  return regionsOf(placed(near, angle)).flatMap((region) => {
    const rows = rowsOf(region)
    const cells = new Set(
      tablesOf(rows, RULES).flatMap(({ from, to }) => rows.slice(from, to).flat()),
    )
    const others = region.filter((piece) => !cells.has(piece))
    return [...boxesOf([...cells]), ...mergeRuns(boxesOf(others))]
  })
}

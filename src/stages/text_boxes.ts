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
    // The outline of a short word has no telling direction: it takes the page's.
    const near = Math.abs(rect.angle - angle) < 0.6
    const box = near && rect.width < 3 * rect.height ? rectAtAngle(hull, angle) : rect
    if (Math.min(box.width, box.height) < options.minSide) continue
    if (boxScore(map, width, height, box) < options.minScore) continue
    kept.push(unclip(box, options.unclipRatio))
  }
  return mergeRuns(kept)
}

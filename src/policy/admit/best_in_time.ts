/**
 * Whether the most accurate path of a pipeline is in time, by the current latency estimates.
 *
 * @module
 */
import type { PipelineShape } from '../core/graph.ts'
import { chanceOf } from '../price/chance.ts'
import { price } from '../price/params.ts'
import type { Paths } from '../price/paths.ts'
import { admit } from './params.ts'

/** Whether a query alone in the pool is almost sure to be in time by it; false if no slot serves it. */
export function isBestInTime(
  paths: Paths,
  { start, levels, pipeline: { sloMs } }: PipelineShape,
): boolean {
  const best = paths.quickest(start, levels.length - 1)
  if (best === undefined) return false
  const jitterMs = price.jitter * sloMs
  return chanceOf(sloMs - best.chainMs, best.variance + jitterMs ** 2) >= admit.most
}

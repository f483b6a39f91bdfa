/**
 * Latency of a batch from a table of measured points.
 *
 * Between two measured sizes the line between them; beyond the last the line through the last two,
 * never falling (through the origin where there is one point only); below the first the first, as
 * if padded.
 *
 * @module
 */
import type { LatencyPoint } from '../policy/core/types.ts'

/** @returns of a batch size from 1, in milliseconds */
export const latencyOf = (given: { [batch: string]: number }): (batch: number) => number =>
  latencyBetween(pointList(given))

/** As {@linkcode latencyOf}, of points in ascending order. */
export function latencyBetween(points: readonly LatencyPoint[]): (batch: number) => number {
  const first = points[0]!
  const last = points.at(-1)!
  const beforeLast = points.at(-2)
  const slope = beforeLast === undefined
    ? last.latencyMs / last.batch
    : Math.max(0, (last.latencyMs - beforeLast.latencyMs) / (last.batch - beforeLast.batch))
  const known: number[] = []

  function compute(batch: number): number {
    if (batch <= first.batch) return first.latencyMs
    if (batch >= last.batch) return last.latencyMs + slope * (batch - last.batch)
    const above = points.findIndex((point) => point.batch >= batch)
    const a = points[above - 1]!
    const b = points[above]!
    return a.latencyMs + (b.latencyMs - a.latencyMs) * (batch - a.batch) / (b.batch - a.batch)
  }

  return (batch) => known[batch] ??= compute(batch)
}

/** Ascending by batch size. */
export function pointList(given: { [batch: string]: number }): LatencyPoint[] {
  return Object.entries(given)
    .map(([batch, latencyMs]) => ({ batch: Number(batch), latencyMs }))
    .sort((a, b) => a.batch - b.batch)
}

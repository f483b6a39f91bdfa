/**
 * Latency by batch size as measured or guessed, before batches correct it.
 *
 * @module
 */
import type { LatencyPoint } from '../core/types.ts'

/** Milliseconds of a batch of `batch` items; it never falls with the size. */
export type Base = (batch: number) => number

/** Lower limit of a batch's time: it is used as a divisor. */
const LEAST_MS = 1e-3

/** The usable points of a node: one per batch size, ascending, with times that never fall. */
export function usablePoints(points: readonly LatencyPoint[]): LatencyPoint[] {
  const usable = points.filter(({ batch, latencyMs }) => batch >= 1 && latencyMs > 0)
    .map(({ batch, latencyMs }) => ({ batch, latencyMs: Math.max(latencyMs, LEAST_MS) }))
    .sort((a, b) => a.batch - b.batch || a.latencyMs - b.latencyMs)
    .filter(({ batch }, i, sorted) => batch !== sorted[i - 1]?.batch)
  // A larger batch takes no less time: a point that contradicts this was disturbed.
  for (let i = usable.length - 2; i >= 0; i--) {
    const [point, next] = [usable[i]!, usable[i + 1]!]
    point.latencyMs = Math.min(point.latencyMs, next.latencyMs)
  }
  return usable
}

/** Linear between points; extrapolated from the nearest two beyond them. Needs at least one point. */
export function baseOf(points: readonly LatencyPoint[]): Base {
  const known = usablePoints(points)
  const first = known[0]!
  if (known.length === 1) return (batch) => first.latencyMs * batch / first.batch
  const leastMs = first.latencyMs / first.batch
  // Each piece: batch size, time, and slope to the next point.
  const pieces = new Float64Array(3 * (known.length - 1))
  for (let i = 1; i < known.length; i++) {
    const [a, b] = [known[i - 1]!, known[i]!]
    const slope = (b.latencyMs - a.latencyMs) / (b.batch - a.batch)
    pieces.set([a.batch, a.latencyMs, slope], 3 * (i - 1))
  }
  return (batch) => {
    let at = 0
    while (at + 3 < pieces.length && pieces[at + 3]! < batch) at += 3
    return Math.max(pieces[at + 1]! + pieces[at + 2]! * (batch - pieces[at]!), leastMs)
  }
}

/** The part of a deviation, on either side, that exceeds what chance explains. */
export const beyond = (deviation: number, chance: number): number =>
  Math.sign(deviation) * Math.max(0, Math.abs(deviation) - chance)

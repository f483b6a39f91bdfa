/**
 * Latency over the batch size as it was measured or guessed, before batches correct it.
 *
 * @module
 */
import type { LatencyPoint } from '../core/types.ts'

/** Milliseconds of a batch of so many items. It never falls with the size. */
export type Base = (batch: number) => number

/** No batch takes less: the time of a batch is divided by. */
const LEAST_MS = 1e-3

/** The points of a node that can be believed: one of each size, in ascending order, that never fall. */
export function usablePoints(points: readonly LatencyPoint[]): LatencyPoint[] {
  const usable = points.filter(({ batch, latencyMs }) => batch >= 1 && latencyMs > 0)
    .map(({ batch, latencyMs }) => ({ batch, latencyMs: Math.max(latencyMs, LEAST_MS) }))
    .sort((a, b) => a.batch - b.batch || a.latencyMs - b.latencyMs)
    .filter(({ batch }, i, sorted) => batch !== sorted[i - 1]?.batch)
  // A larger batch takes no less: a point that says so was disturbed.
  for (let i = usable.length - 2; i >= 0; i--) {
    const [point, next] = [usable[i]!, usable[i + 1]!]
    point.latencyMs = Math.min(point.latencyMs, next.latencyMs)
  }
  return usable
}

/** Linear between points; beyond them the nearest two go on. Needs one point. */
export function baseOf(points: readonly LatencyPoint[]): Base {
  const known = usablePoints(points)
  const first = known[0]!
  if (known.length === 1) return (batch) => first.latencyMs * batch / first.batch
  const leastMs = first.latencyMs / first.batch
  // From each point to the next: its size, its time, and the slope.
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

/** What of a deviation is more than chance explains, to either side. */
export const beyond = (deviation: number, chance: number): number =>
  Math.sign(deviation) * Math.max(0, Math.abs(deviation) - chance)

/**
 * Latency over the batch size as it is measured or guessed, before what really ran corrects it.
 *
 * @module
 */
import type { LatencyPoint } from '../core/types.ts'

/** Milliseconds for a batch of so many items. Never falls with the batch. */
export type Base = (batch: number) => number

/** No batch takes less: who says so measured nothing, and what is next to 0 is not to be divided by. */
const LEAST_MS = 1e-3

/**
 * What of measured points can be believed, whoever sent them: one of each batch size, the smallest first,
 * that never fall.
 */
export function usablePoints(points: readonly LatencyPoint[]): LatencyPoint[] {
  const usable = points.filter(({ batch, latencyMs }) => batch >= 1 && latencyMs > 0)
    .map(({ batch, latencyMs }) => ({ batch, latencyMs: Math.max(latencyMs, LEAST_MS) }))
    .sort((a, b) => a.batch - b.batch || a.latencyMs - b.latencyMs)
    .filter(({ batch }, i, sorted) => batch !== sorted[i - 1]?.batch)
  // A larger batch takes no less: a point that says so was disturbed.
  for (let i = usable.length - 2; i >= 0; i--) {
    const [point, next] = [usable[i]!, usable[i + 1]!]
    if (point.latencyMs > next.latencyMs) point.latencyMs = next.latencyMs
  }
  return usable
}

/** Linear between measured points; outside them as the nearest two go on. Needs one point. */
export function baseOf(points: readonly LatencyPoint[]): Base {
  const known = usablePoints(points)
  const first = known[0]!
  if (known.length === 1) return (batch) => first.latencyMs * batch / first.batch
  const leastMs = first.latencyMs / first.batch
  // From each point to the next: where it begins, with what, and how steep it is.
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

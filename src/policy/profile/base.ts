/**
 * Latency over the batch size as it is measured or guessed, before what really ran corrects it.
 *
 * @module
 */
import type { LatencyPoint } from '../types.ts'

/** Milliseconds for a batch of so many items. Never falls with the batch. */
export type Base = (batch: number) => number

/** Linear between measured points; outside them as the nearest two go on. Needs one point. */
export function baseOf(points: readonly LatencyPoint[]): Base {
  const known = points.filter(({ batch, latencyMs }) => batch >= 1 && latencyMs > 0)
    .sort((a, b) => a.batch - b.batch)
  // A larger batch takes no less: a point that says so was disturbed.
  for (let i = known.length - 2; i >= 0; i--) {
    const next = known[i + 1]!
    if (known[i]!.latencyMs > next.latencyMs) known[i] = { ...known[i]!, latencyMs: next.latencyMs }
  }
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

/**
 * Credit: when a slot may get its next batch, so that it arrives as the one before it ends. Nothing is
 * bound sooner than that.
 *
 * @module
 */
import { leastSloMs, type Shapes, type VariantShape } from './shape.ts'
import type { Batch, Slot } from './slots.ts'

/** How long before a slot is free its next batch is sent, on top of the network time. */
const LEAD_MS = 2

/** Batches that a slot has at most, with those whose results are on their way. */
export const MOST_BATCHES = 6

/**
 * One that runs and one behind it; more where a message travels longer than a batch takes, which would
 * else be waited for each time. Where it is what they carry that takes long, more on their way would
 * only stand in line: so it is the distance that counts.
 */
const mostOf = ({ node: { times } }: Slot, { meanMs }: Batch): number =>
  Math.min(2 + Math.floor(times.roundTripMs() / Math.max(meanMs, 1e-3)), MOST_BATCHES)

/** Share of a batch that the way to its slot takes, and less of it is not worth standing behind it for. */
const LITTLE = 0.01

/**
 * Whether nothing is to stand behind such a batch: where queries of another pipeline have less time
 * than its own, it may end later than expected by more than they can wait, and sending the next one
 * ahead saves next to nothing.
 */
export const isLongForOthers = (
  { task: { pipeline: { pipeline } } }: VariantShape,
  meanMs: number,
  networkMs: number,
  shapes: Shapes,
): boolean => networkMs < LITTLE * meanMs && pipeline.sloMs > leastSloMs(shapes)

/**
 * From when this slot may get its next batch; Infinity when only an event can tell. A batch that is
 * long overdue gets nothing behind it: what was bound there would be lost with it.
 */
export function creditAtMs(slot: Slot, nowMs: number): number {
  const { batches, node } = slot
  if (node.paused) return Infinity
  const running = batches[0]
  if (running === undefined) return slot.restUntilMs
  const last = batches[batches.length - 1]!
  if (running.ghostUntilMs !== null || node.duty < 1) return Infinity
  if (last.keepsSlot) return Infinity
  if (batches.length > 1 && batches.length >= mostOf(slot, last)) return Infinity
  // What would wait there may find its variant gone.
  if (slot.replacing) return Infinity
  if (nowMs > running.endsAtMs + running.upperMs - running.meanMs + LEAD_MS) return Infinity
  return last.endsAtMs - last.networkMs - (last.networkMs > 0 ? LEAD_MS : 0)
}

/**
 * Credit: when a slot may get its next batch, so that it arrives as the one before it ends. Nothing is
 * bound sooner than that.
 *
 * @module
 */
import { leastSloMs, type Shapes, type VariantShape } from '../core/graph.ts'
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

/** Share of another pipeline's SLO that a batch may end late by, with something standing behind it. */
const UNSURE = 0.1

/**
 * Whether nothing is to stand behind such a batch: the queries of another pipeline have less time than
 * its own, and when it ends is not known well enough for these. That its slot waits for the next one
 * as long as a message travels is little against so long a batch.
 *
 * @param spreadMs upper latency less mean
 */
export const isUnsureForOthers = (
  { task: { pipeline: { pipeline } } }: VariantShape,
  spreadMs: number,
  shapes: Shapes,
): boolean => {
  const leastMs = leastSloMs(shapes)
  return pipeline.sloMs > leastMs && spreadMs > UNSURE * leastMs
}

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

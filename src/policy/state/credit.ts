/**
 * Credit (a prefetch window): when a slot may get its next batch, so that it arrives as the one before
 * it ends. Nothing is bound sooner than that.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import { slot as S } from './params.ts'
import { generates, takesMore } from './rows.ts'
import { type Batch, type PoolNode, type Slot } from './node.ts'
import { isCoolingDown } from './slots.ts'

/** Batches that a slot has at most. */
export const MOST_BATCHES = S.mostBatches

/**
 * One that runs and one behind it; more where a message travels longer than a batch takes. Where it is
 * what they carry that takes long, more on their way would only stand in line: the distance counts.
 */
const mostOf = ({ node: { times } }: Slot, { meanMs }: Batch): number =>
  Math.min(2 + Math.floor(times.roundTripMs() / Math.max(meanMs, 1e-3)), S.mostBatches)

/**
 * From when this slot may get its next batch; Infinity when only an event can tell. A batch that is
 * long overdue gets nothing behind it: what was bound there would be lost with it.
 */
export function creditAtMs(slot: Slot, nowMs: number): number {
  const { batches, node } = slot
  const [running] = batches
  const joins = !node.paused && node.inUse.duty >= 1 && takesMore(slot)
  return joins ? running!.dispatchedMs : behindAtMs(slot, nowMs)
}

/** From when it may get what cannot run beside what runs. */
function behindAtMs(slot: Slot, nowMs: number): number {
  const { batches, node } = slot
  if (node.paused) return Infinity
  const running = batches[0]
  if (running === undefined) return slot.restUntilMs
  const last = batches[batches.length - 1]!
  if (running.abandonedUntilMs !== null || node.inUse.duty < 1 || last.keepsSlot) return Infinity
  if (batches.length > 1 && batches.length >= mostOf(slot, last)) return Infinity
  if (nowMs > running.endsAtMs + running.upperMs - running.meanMs + S.leadMs) return Infinity
  return last.endsAtMs - last.networkMs - (last.networkMs > 0 ? S.leadMs : 0)
}

/** Whether a slot that has credit may be given a batch of this variant. */
export const canRun = (slot: Slot, variant: VariantShape, nowMs: number): boolean =>
  slot.held.has(variant) && !isCoolingDown(slot, variant, nowMs) &&
  (generates(variant) || !takesMore(slot) || behindAtMs(slot, nowMs) <= nowMs)

/**
 * Whether a slot can be had for work that no query waits for: warm with this variant and idle, or with
 * room behind its batch where that will do. Whether its node may be given work is for others to say.
 */
export function isSpare(slot: Slot, variant: VariantShape, idle: boolean, nowMs: number): boolean {
  if (!canRun(slot, variant, nowMs)) return false
  if (slot.batches.length === 0) return slot.restUntilMs <= nowMs
  return !idle && creditAtMs(slot, nowMs) < Infinity
}

export const holds = (node: PoolNode, variant: VariantShape): boolean =>
  node.slots.some((slot) => slot.held.has(variant))

/**
 * Credit (a prefetch window): when a slot may get its next batch, so that the batch arrives as the one
 * before it ends. No item is bound to a slot before that.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import { slot as S } from './params.ts'
import { generates, takesMore } from './rows.ts'
import { type Batch, type PoolNode, type Slot } from './node.ts'
import { isCoolingDown } from './slots.ts'

/** Most batches on a slot. */
export const MOST_BATCHES = S.mostBatches

/**
 * Two batches, one running and one behind; more if a message travels longer than a batch takes. Transfer
 * time of the content does not count, only the distance: more batches on their way would only queue.
 */
const mostOf = ({ node: { times } }: Slot, { meanMs }: Batch): number =>
  Math.min(2 + Math.floor(times.roundTripMs() / Math.max(meanMs, 1e-3)), S.mostBatches)

/**
 * From when this slot may get its next batch; Infinity until an event changes that. A long overdue batch
 * gets none behind it: those items would be lost with it.
 */
export function creditAtMs(slot: Slot, nowMs: number): number {
  const { batches, node } = slot
  const [running] = batches
  const joins = !node.paused && node.inUse.duty >= 1 && takesMore(slot)
  return joins ? running!.dispatchedMs : behindAtMs(slot, nowMs)
}

/** From when the slot may get a batch that cannot run beside the running one. */
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

/** Whether a slot with credit may be given a batch of this variant. */
export const canRun = (slot: Slot, variant: VariantShape, nowMs: number): boolean =>
  slot.held.has(variant) && !isCoolingDown(slot, variant, nowMs) &&
  (generates(variant) || !takesMore(slot) || behindAtMs(slot, nowMs) <= nowMs)

/**
 * Whether a slot is free for work that no query waits for: it holds the variant and is idle or, unless
 * `idle` is required, has room behind its batch. Whether its node may be given work is checked elsewhere.
 */
export function isSpare(slot: Slot, variant: VariantShape, idle: boolean, nowMs: number): boolean {
  if (!canRun(slot, variant, nowMs)) return false
  if (slot.batches.length === 0) return slot.restUntilMs <= nowMs
  return !idle && creditAtMs(slot, nowMs) < Infinity
}

export const holds = (node: PoolNode, variant: VariantShape): boolean =>
  node.slots.some((slot) => slot.held.has(variant))

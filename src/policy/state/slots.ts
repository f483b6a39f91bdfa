/**
 * Times of a slot: how long a batch takes on it, when it is ready for the next, and how a batch is removed.
 *
 * @module
 */
import { unsettle } from './query.ts'
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { Batch, Slot } from './node.ts'
import { slot as S } from './params.ts'
import { generates, lastOf, takesMore } from './rows.ts'

/** Mean latency of a batch on this slot now: longer beside a load. */
export const meanMsOn = (
  { loading, node: { times } }: Slot,
  variant: VariantShape,
  batch: number,
) => times.meanMs(variant, batch) * (loading === null ? 1 : times.loadFactor())

/** Upper latency of a batch on this slot now. */
export const upperMsOn = (slot: Slot, variant: VariantShape, batch: number): number =>
  meanMsOn(slot, variant, batch) * slot.node.times.upperTimes(variant)

/** Whether the slot is outside the plan's use: it gets a batch only if called. */
export const isResting = ({ index, node: { inUse } }: Slot): boolean => index >= inUse.slots

/** ms that a node of this duty rests after running for `computeMs`. */
export const restMs = ({ duty }: { duty: number }, computeMs: number): number =>
  computeMs * (1 / duty - 1)

/**
 * Expected time at which the slot could begin a batch: the result of the last may still be travelling.
 *
 * @param task task of the batch: a generating one may begin beside running ones
 */
export function readyAtMs(slot: Slot, nowMs: number, task?: TaskShape): number {
  const last = lastOf(slot)
  if (last === undefined || task !== undefined && task.generates && takesMore(slot)) {
    return Math.max(nowMs, slot.restUntilMs)
  }
  const lateMs = nowMs - last.endsAtMs
  const heardAtMs = lateMs > 0 ? nowMs + S.later * lateMs : last.endsAtMs
  return Math.max(nowMs, heardAtMs - last.networkMs / 2) + restMs(slot.node.inUse, last.meanMs)
}

/** From when jitter no longer explains the lateness of a batch: its node may be gone unnoticed. */
export const overdueAtMs = ({ endsAtMs, upperMs, meanMs }: Batch) =>
  endsAtMs + upperMs - meanMs + S.marginMs + S.margin * meanMs

/** Whether the slot's first batch, even an abandoned one, is later than jitter explains. */
export const isOverdue = ({ batches }: Slot, nowMs: number) =>
  batches.length > 0 && overdueAtMs(batches[0]!) < nowMs

export const isCoolingDown = (slot: Slot, variant: VariantShape, nowMs: number) =>
  slot.cooldowns.size > 0 && (slot.cooldowns.get(variant)?.untilMs ?? -Infinity) > nowMs

/** Pauses a variant on a slot after a failure; the pause doubles with each failure in a row. */
export function coolDown(slot: Slot, variant: VariantShape, nowMs: number): void {
  const failures = (slot.cooldowns.get(variant)?.failures ?? 0) + 1
  const pauseMs = S.cooldownMs * 2 ** Math.min(failures - 1, 7)
  slot.cooldowns.set(variant, { untilMs: nowMs + pauseMs, failures })
}

/** Scales the remaining time of a slot's batches: a load began beside them, or ended. */
export function changePace(slot: Slot, times: number, nowMs: number): void {
  let laterMs = 0
  slot.batches.forEach((batch, i) => {
    const ownMs = i === 0 ? Math.max(0, batch.endsAtMs - nowMs) : batch.meanMs
    const moreMs = ownMs * (times - 1)
    laterMs += moreMs
    batch.meanMs += moreMs
    batch.upperMs += moreMs
    batch.endsAtMs += laterMs
    for (const item of batch.items) {
      item.endsAtMs = batch.endsAtMs
      unsettle(item.query)
    }
  })
}

/**
 * Removes a batch from its slot. The batches behind it start that much sooner, but not before they have
 * arrived.
 */
export function takeOff(batch: Batch, nowMs: number): void {
  const { batches } = batch.slot
  const position = batches.indexOf(batch)
  if (position < 0) return
  batches.splice(position, 1)
  if (generates(batch.variant)) return
  let atMs = position === 0 ? nowMs : batches[position - 1]!.endsAtMs
  for (let i = position; i < batches.length; i++) {
    const next = batches[i]!
    atMs = next.endsAtMs = Math.max(atMs, next.dispatchedMs + next.networkMs) + next.meanMs
    for (const item of next.items) {
      item.endsAtMs = atMs
      unsettle(item.query)
    }
  }
}

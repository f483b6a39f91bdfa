/**
 * Slots over time: how long a batch takes on one, when one is ready for its next, and how one is taken off.
 *
 * @module
 */
import { unsettle } from './query.ts'
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { Batch, Slot } from './node.ts'
import { slot as S } from './params.ts'
import { generates, lastOf, takesMore } from './rows.ts'

/** Mean latency of a batch on this slot as things are: longer beside a load. */
export const meanMsOn = (
  { loading, node: { times } }: Slot,
  variant: VariantShape,
  batch: number,
) => times.meanMs(variant, batch) * (loading === null ? 1 : times.loadFactor())

/** Likewise what is hardly exceeded. */
export const upperMsOn = (slot: Slot, variant: VariantShape, batch: number): number =>
  meanMsOn(slot, variant, batch) * slot.node.times.upperTimes(variant)

/** Whether it may only be called: the plan does without it. */
export const isResting = ({ index, node: { inUse } }: Slot): boolean => index >= inUse.slots

/** When a node of this duty may start again after running for `computeMs`. */
export const restMs = ({ duty }: { duty: number }, computeMs: number): number =>
  computeMs * (1 / duty - 1)

/**
 * When the slot could begin with a batch, as far as is known: while the result before it travels.
 *
 * @param task of the batch: what generates may begin beside what runs
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

/** From when a batch is later than jitter explains: its node may be gone, and nobody know of it yet. */
export const overdueAtMs = ({ endsAtMs, upperMs, meanMs }: Batch) =>
  endsAtMs + upperMs - meanMs + S.marginMs + S.margin * meanMs

/** Whether what it runs, or ran for nobody, is later than jitter explains. */
export const isOverdue = ({ batches }: Slot, nowMs: number) =>
  batches.length > 0 && overdueAtMs(batches[0]!) < nowMs

export const isCoolingDown = (slot: Slot, variant: VariantShape, nowMs: number) =>
  slot.cooldowns.size > 0 && (slot.cooldowns.get(variant)?.untilMs ?? -Infinity) > nowMs

/** After a failure the pair gets nothing for a while, longer each time in a row. */
export function coolDown(slot: Slot, variant: VariantShape, nowMs: number): void {
  const failures = (slot.cooldowns.get(variant)?.failures ?? 0) + 1
  const pauseMs = S.cooldownMs * 2 ** Math.min(failures - 1, 7)
  slot.cooldowns.set(variant, { untilMs: nowMs + pauseMs, failures })
}

/** What is on the slot takes so many times as long from now on: a load began beside it, or ended. */
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
 * Takes a batch off its slot; what is behind it runs that much sooner, or as soon as it is there,
 * unless duty has it wait.
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

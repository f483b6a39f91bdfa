/**
 * Continuous batching: tasks that generate token by token run beside each other, row by row, while the
 * slot has rows; each item is a batch. All other batches run alone, one after the other.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'

/** A batch of a slot, as read here. */
interface Running {
  variant: VariantShape
  size: number
  endsAtMs: number
  items: readonly { endsAtMs: number }[]
}

interface Slot {
  batches: readonly Running[]
}

export const generates = ({ task }: VariantShape): boolean => task.generates

/** Rows in use if all batches on the slot generate; undefined otherwise, or if the slot is idle. */
function rowsInUse({ batches }: Slot): number | undefined {
  if (batches.length === 0) return undefined
  let rows = 0
  for (const { variant, size } of batches) {
    if (!generates(variant)) return undefined
    rows += size
  }
  return rows
}

/** Whether a generating batch can begin beside those that run on the slot. */
export function takesMore(slot: Slot): boolean {
  const rows = rowsInUse(slot)
  return rows !== undefined && rows < mostRows(slot)
}

const mostRows = ({ batches }: Slot): number =>
  batches.reduce((least, { variant }) => Math.min(least, variant.task.rows), Infinity)

/** Number of items that would run beside a batch of this task. */
export const besideOn = (slot: Slot, task: TaskShape): number =>
  task.generates ? rowsInUse(slot) ?? 0 : 0

/** Most items of a batch: generating items are sent one by one, so that each ends on its own. */
export const mostItems = ({ generates }: TaskShape, maxBatch: number): number =>
  generates ? 1 : maxBatch

/** A further batch slows each generating step: the remaining time of the running batches is multiplied. */
export function slowDown({ batches }: Slot, times: number, nowMs: number): void {
  for (const batch of batches) {
    batch.endsAtMs = nowMs + Math.max(0, batch.endsAtMs - nowMs) * times
    for (const item of batch.items) item.endsAtMs = batch.endsAtMs
  }
}

/** The batch of a slot that ends last. */
export function lastOf<One extends Running>({ batches }: { batches: readonly One[] }) {
  let [last] = batches
  for (const batch of batches) if (batch.endsAtMs >= last!.endsAtMs) last = batch
  return last
}

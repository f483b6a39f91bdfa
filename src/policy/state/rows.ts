/**
 * Continuous batching: what generates token by token runs beside what generates already, row by row,
 * while the slot has rows; each item is a batch. All else runs alone, one batch after the other.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'

/** A batch of a slot, as far as it counts here. */
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

/** Rows in use, where all that runs on the slot generates; undefined where it does not, or is idle. */
function rowsInUse({ batches }: Slot): number | undefined {
  if (batches.length === 0) return undefined
  let rows = 0
  for (const { variant, size } of batches) {
    if (!generates(variant)) return undefined
    rows += size
  }
  return rows
}

/** Whether what generates can begin there beside what runs. */
export function takesMore(slot: Slot): boolean {
  const rows = rowsInUse(slot)
  return rows !== undefined && rows < mostRows(slot)
}

const mostRows = ({ batches }: Slot): number =>
  batches.reduce((least, { variant }) => Math.min(least, variant.task.rows), Infinity)

/** Items that would run beside a batch of this task. */
export const besideOn = (slot: Slot, task: TaskShape): number =>
  task.generates ? rowsInUse(slot) ?? 0 : 0

/** Most items of a batch: what generates is sent one by one, so that each ends by itself. */
export const mostItems = ({ generates }: TaskShape, maxBatch: number): number =>
  generates ? 1 : maxBatch

/** Each step takes longer for one batch more: what runs ends so many times as late from now on. */
export function slowDown({ batches }: Slot, times: number, nowMs: number): void {
  for (const batch of batches) {
    batch.endsAtMs = nowMs + Math.max(0, batch.endsAtMs - nowMs) * times
    for (const item of batch.items) item.endsAtMs = batch.endsAtMs
  }
}

/** The batch of a slot that is done last. */
export function lastOf<One extends Running>({ batches }: { batches: readonly One[] }) {
  let [last] = batches
  for (const batch of batches) if (batch.endsAtMs >= last!.endsAtMs) last = batch
  return last
}

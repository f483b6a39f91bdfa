/**
 * When slots that are busy come free, as far as their batches are expected to end.
 *
 * @module
 */
import { type Batch, isSilent } from './slots.ts'
import type { Table } from './table.ts'
import type { BatchId } from './types.ts'

export interface Busy {
  /** Sum over the batches under way of the time until each is expected to end, in ms. */
  sumMs(nowMs: number): number
  /** Awake slots whose batch is overdue, as of the last call of `sumMs`: they may be gone. */
  silentSlots(): number
  /** Of each busy slot, the soonest first: time until it is expected to be free. */
  leftsMs(nowMs: number): readonly number[]
}

/** With more batches than this, all are looked at once in so many ms for each. */
const FEW = 64
const LOOK_EVERY = 1 / 512

export function createBusy(batches: Pick<Table<BatchId, Batch>, 'entries' | 'size'>): Busy {
  let sumMs = 0
  let silent = 0
  let summedMs = -Infinity
  let leftsMs: number[] = []
  let lookedMs = -Infinity
  const freshMs = () => batches.size > FEW ? batches.size * LOOK_EVERY : 0

  return {
    sumMs(nowMs) {
      if (nowMs < summedMs + freshMs()) return sumMs
      summedMs = nowMs
      sumMs = silent = 0
      for (const batch of batches.entries) {
        if (batch === undefined) continue
        const leftMs = batch.endsAtMs - nowMs
        if (leftMs > 0) sumMs += leftMs
        else if (isSilent(batch, nowMs)) silent++
      }
      return sumMs
    },
    silentSlots: () => silent,
    leftsMs(nowMs) {
      if (nowMs < lookedMs + freshMs()) return leftsMs
      lookedMs = nowMs
      leftsMs = []
      for (const batch of batches.entries) {
        if (batch === undefined) continue
        const on = batch.slot.batches
        if (on[on.length - 1] !== batch) continue
        // One that is overdue is expected to take as long again as it is late.
        leftsMs.push(Math.abs(batch.endsAtMs - nowMs))
      }
      leftsMs.sort((a, b) => a - b)
      return leftsMs
    },
  }
}

/**
 * When slots that are busy come free, as far as their batches are expected to end.
 *
 * @module
 */
import { type Batch, isSilent } from './slots.ts'
import type { Table } from './table.ts'
import type { BatchId } from './types.ts'

export interface Busy {
  /** Sum over the slots that are busy of the time until each is expected to be free, in ms. */
  sumMs(nowMs: number): number
  /** Awake slots whose batch is overdue, as of the last call of `sumMs`: they may be gone. */
  silentSlots(): number
  /** Of each busy slot, the soonest first: time until it is expected to be free. */
  leftsMs(nowMs: number): readonly number[]
}

/** With more batches than this, all are looked at once in so many ms for each. */
const FEW = 64
const LOOK_EVERY = 1 / 512

/** What is sent ahead to a slot that is far away is a part of the time until the last of it ends. */
const isLast = (batch: Batch) => batch.slot.batches[batch.slot.batches.length - 1] === batch
/** The slot begins with the next one while the result travels. */
const freeAtMs = ({ endsAtMs, networkMs }: Batch) => endsAtMs - networkMs / 2

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
        if (batch.endsAtMs <= nowMs && isSilent(batch, nowMs)) silent++
        else if (isLast(batch)) sumMs += Math.max(0, freeAtMs(batch) - nowMs)
      }
      return sumMs
    },
    silentSlots: () => silent,
    leftsMs(nowMs) {
      if (nowMs < lookedMs + freshMs()) return leftsMs
      lookedMs = nowMs
      leftsMs = []
      for (const batch of batches.entries) {
        if (batch === undefined || !isLast(batch)) continue
        // One that is overdue is expected to take as long again as it is late.
        const lateMs = nowMs - batch.endsAtMs
        leftsMs.push(lateMs > 0 ? lateMs : Math.max(0, freeAtMs(batch) - nowMs))
      }
      leftsMs.sort((a, b) => a - b)
      return leftsMs
    },
  }
}

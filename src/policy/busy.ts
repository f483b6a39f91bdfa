/**
 * When slots that are busy come free, as far as their batches are expected to end.
 *
 * @module
 */
import { type Batch, isSilent } from './slots.ts'
import type { Table } from './table.ts'
import type { BatchId } from './types.ts'

export interface Busy {
  /** Sum over the busy slots of an island (0 if absent) of the time until each is expected to be free, in ms. */
  sumMs(nowMs: number, island?: number): number
  /** Awake slots whose batch is overdue, as of the last call of `sumMs`: they may be gone. */
  silentSlots(island?: number): number
  /** Of each busy slot of an island, the soonest first: time until it is expected to be free. */
  leftsMs(nowMs: number, island?: number): readonly number[]
}

/** With more batches than this, all are looked at once in so many ms for each. */
const FEW = 64
const LOOK_EVERY = 1 / 512

/** What is sent ahead to a slot that is far away is a part of the time until the last of it ends. */
const isLast = (batch: Batch) => batch.slot.batches[batch.slot.batches.length - 1] === batch
/** The slot begins with the next one while the result travels. */
const freeAtMs = ({ endsAtMs, networkMs }: Batch) => endsAtMs - networkMs / 2

/** One whose group is no more is with the first. */
const islandOf = ({ slot }: Batch) => slot.group?.island ?? 0

export function createBusy(batches: Pick<Table<BatchId, Batch>, 'entries' | 'size'>): Busy {
  /** By island. */
  const sumsMs: number[] = []
  const silent: number[] = []
  let summedMs = -Infinity
  let leftsMs: number[][] = []
  let lookedMs = -Infinity
  const freshMs = () => batches.size > FEW ? batches.size * LOOK_EVERY : 0

  return {
    sumMs(nowMs, island = 0) {
      if (nowMs < summedMs + freshMs()) return sumsMs[island] ?? 0
      summedMs = nowMs
      sumsMs.fill(0)
      silent.fill(0)
      for (const batch of batches.entries) {
        if (batch === undefined) continue
        const own = islandOf(batch)
        if (batch.endsAtMs <= nowMs && isSilent(batch, nowMs)) silent[own] = (silent[own] ?? 0) + 1
        else if (isLast(batch)) {
          sumsMs[own] = (sumsMs[own] ?? 0) + Math.max(0, freeAtMs(batch) - nowMs)
        }
      }
      return sumsMs[island] ?? 0
    },
    silentSlots: (island = 0) => silent[island] ?? 0,
    leftsMs(nowMs, island = 0) {
      if (nowMs < lookedMs + freshMs()) return leftsMs[island] ?? []
      lookedMs = nowMs
      leftsMs = []
      for (const batch of batches.entries) {
        if (batch === undefined || !isLast(batch)) continue
        // One that is overdue is expected to take as long again as it is late.
        const lateMs = nowMs - batch.endsAtMs
        const own = leftsMs[islandOf(batch)] ??= []
        own.push(lateMs > 0 ? lateMs : Math.max(0, freeAtMs(batch) - nowMs))
      }
      for (const own of leftsMs) own?.sort((a, b) => a - b)
      return leftsMs[island] ?? []
    },
  }
}

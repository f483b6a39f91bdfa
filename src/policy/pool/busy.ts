/**
 * When slots that are busy come free, as far as their batches are expected to end: how much longer what
 * is sent now would wait there than at a slot that is idle.
 *
 * @module
 */
import type { Table } from '../table.ts'
import type { BatchId } from '../types.ts'
import { type Batch, holdsAll, isSilent } from './slots.ts'

export interface Busy {
  /**
   * Sum over the slots of an island (0 if absent) that are busy of the time until each is expected to
   * be free, in ms.
   */
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
/**
 * What is sent travels while the slot is busy, and the slot begins with it while the result travels. Of
 * slots that do not hold all few do what is wanted next: there the way to them is left out of account,
 * as in simulation of pools by lot less is lost.
 */
const freeAtMs = ({ slot, endsAtMs, networkMs }: Batch) =>
  endsAtMs - (holdsAll(slot) ? networkMs : networkMs / 2)

/**
 * One whose group is no more is with the first, since what it had is to be done anew. Undefined of a
 * node that is kept from queries: what it does besides holds nobody up.
 */
const islandOf = ({ slot: { group, node } }: Batch) =>
  group?.island ?? (node.keptFrom.size > 0 ? undefined : 0)

export function createBusy(batches: Pick<Table<BatchId, Batch>, 'entries' | 'size'>): Busy {
  /** Of the first island, and of the others by number: most pools have none. */
  let sumMs = 0
  let silent = 0
  let others: { sumMs: number; silent: number }[] = []
  let summedMs = -Infinity
  let leftsMs: number[][] = []
  let lookedMs = -Infinity
  const freshMs = () => batches.size > FEW ? batches.size * LOOK_EVERY : 0
  const summedOf = (island: number) => island === 0 ? sumMs : others[island]?.sumMs ?? 0

  function addOther(island: number, ms: number, silent: number): void {
    const own = others[island] ??= { sumMs: 0, silent: 0 }
    own.sumMs += ms
    own.silent += silent
  }

  return {
    sumMs(nowMs, island = 0) {
      if (nowMs < summedMs + freshMs()) return summedOf(island)
      summedMs = nowMs
      if (others.length > 0) others = []
      let ofFirstMs = 0
      let gone = 0
      for (const batch of batches.entries) {
        if (batch === undefined) continue
        const own = islandOf(batch)
        if (own === undefined) continue
        const isGone = batch.endsAtMs <= nowMs && isSilent(batch, nowMs)
        if (!isGone && !isLast(batch)) continue
        const ms = isGone ? 0 : Math.max(0, freeAtMs(batch) - nowMs)
        if (own > 0) addOther(own, ms, isGone ? 1 : 0)
        else if (isGone) gone++
        else ofFirstMs += ms
      }
      sumMs = ofFirstMs
      silent = gone
      return summedOf(island)
    },
    silentSlots: (island = 0) => island === 0 ? silent : others[island]?.silent ?? 0,
    leftsMs(nowMs, island = 0) {
      if (nowMs < lookedMs + freshMs()) return leftsMs[island] ?? []
      lookedMs = nowMs
      leftsMs = []
      for (const batch of batches.entries) {
        const island = batch === undefined ? undefined : islandOf(batch)
        if (batch === undefined || island === undefined || !isLast(batch)) continue
        // One that is overdue is expected to take as long again as it is late.
        const lateMs = nowMs - batch.endsAtMs
        const own = leftsMs[island] ??= []
        own.push(lateMs > 0 ? lateMs : Math.max(0, freeAtMs(batch) - nowMs))
      }
      for (const own of leftsMs) own?.sort((a, b) => a - b)
      return leftsMs[island] ?? []
    },
  }
}

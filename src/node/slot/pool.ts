/**
 * The slots of a node: those in service, those parked, and new ones on trial.
 *
 * A slot on trial is silent: the coordinator hears of it, and of what it holds, once it is kept. One
 * that is parked stays warm, and is spoken of and to as any other, but takes no further batch.
 *
 * @module
 */
import type { SlotEvents } from './events.ts'
import type { Slot } from './slot.ts'

export interface SlotPool {
  /** In service, by index. */
  readonly serving: readonly Slot[]
  slot(index: number): Slot | undefined
  /** In service or parked. */
  readonly all: readonly Slot[]
  warm(index: number): Slot | undefined
  /** How many those are. */
  readonly kept: number
  /** Slots up to `count` in all, those beyond the serving ones on trial. */
  trial(count: number): readonly Slot[]
  /** Has as many slots, no longer on trial, and closes the others. */
  keep(count: number): void
  /**
   * At once: the first `count` of those that are kept serve, the others are parked. With all of them
   * serve those that are kept later, too. Resolves once no batch is left in what is parked.
   */
  use(count: number): Promise<void>
  /** No work in any serving slot. */
  readonly idle: boolean
  /** When the last batch ended anywhere, on the node's clock. */
  readonly lastBatchMs: number
  close(): void
}

export type PoolEvents = {
  [name in keyof SlotEvents]: (index: number, ...args: Parameters<SlotEvents[name]>) => void
}

export function createSlotPool(
  count: number,
  createSlot: (events: SlotEvents, isParked: () => boolean) => Slot,
  events: PoolEvents,
): SlotPool {
  const slots: Slot[] = []
  let kept = 0
  /** Of those, so many serve at most. */
  let most = Infinity
  const used = () => Math.min(most, kept)
  /** To be parked once their batches have ended. */
  const parking = new Set<number>()
  let allParked = () => {}

  function addSlot(): void {
    const index = slots.length
    const heard = () => index < kept
    const ended = () => {
      if (!parking.has(index) || !slots[index]!.park()) return
      parking.delete(index)
      if (parking.size === 0) allParked()
    }
    slots.push(createSlot({
      ready: (...args) => heard() && events.ready(index, ...args),
      loadFailed: (...args) => heard() && events.loadFailed(index, ...args),
      said: (...args) => events.said(index, ...args),
      done(...args) {
        events.done(index, ...args)
        ended()
      },
      expired(...args) {
        events.expired(index, ...args)
        ended()
      },
      failed(...args) {
        events.failed(index, ...args)
        ended()
      },
      calledOff(...args) {
        events.calledOff(index, ...args)
        ended()
      },
      restarted: (...args) => heard() && events.restarted(index, ...args),
      idle: () => heard() && events.idle(index),
    }, () => index >= used() && index < kept))
  }

  const pool: SlotPool = {
    get serving() {
      return slots.slice(0, used())
    },
    slot: (index) => index < used() ? slots[index] : undefined,
    get all() {
      return slots.slice(0, kept)
    },
    warm: (index) => index < kept ? slots[index] : undefined,
    get kept() {
      return kept
    },
    trial(count) {
      while (slots.length < count) addSlot()
      return slots.slice(0, count)
    },
    keep(count) {
      pool.trial(count)
      kept = count
      for (const index of parking) if (index >= count) parking.delete(index)
      if (parking.size === 0) allParked()
      slots.splice(count).forEach((slot) => slot.close('This slot was given up'))
    },
    async use(count) {
      most = count < kept ? count : Infinity
      parking.clear()
      allParked()
      for (let i = used(); i < kept; i++) if (!slots[i]!.park()) parking.add(i)
      if (parking.size > 0) await new Promise<void>((resolve) => allParked = resolve)
    },
    get idle() {
      return pool.serving.every((slot) => slot.idle)
    },
    get lastBatchMs() {
      return Math.max(...slots.map((slot) => slot.lastBatchMs))
    },
    close() {
      slots.splice(0).forEach((slot) => slot.close())
      kept = 0
    },
  }
  pool.keep(count)
  return pool
}

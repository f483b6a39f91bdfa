/**
 * The slots of a node: those in service, those parked, and new ones on trial.
 *
 * A slot on trial is silent: the coordinator hears of it, and of what it holds, once it is kept. One
 * that is parked stays warm and is silent but for the batch that it runs.
 *
 * @module
 */
import type { SlotEvents } from './events.ts'
import type { Slot } from './slot.ts'

export interface SlotPool {
  /** In service, by index. */
  readonly serving: readonly Slot[]
  slot(index: number): Slot | undefined
  /** One that is in service or parked. */
  warm(index: number): Slot | undefined
  /** Slots up to `count` in all, those beyond the serving ones on trial. */
  trial(count: number): readonly Slot[]
  /** Takes the first `count` slots into service and closes the others. */
  keep(count: number): void
  /** In service or parked. */
  readonly kept: number
  /**
   * Has the first `count` of those that are kept serve, parks the others, ends trials. Resolves once
   * no batch runs in what is parked.
   */
  use(count: number): Promise<void>
  /** No work in any serving slot. */
  readonly idle: boolean
  /** When the last batch ended anywhere, on the node's clock. */
  readonly lastBatchMs: number
  close(): void
}

/** What is said of batches that waited in a slot that is parked. */
const PARKED = 'This slot is not in use any more'

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
  let used = 0
  /** To be parked once their batch has ended. */
  const parking = new Set<number>()
  let allParked = () => {}

  function addSlot(): void {
    const index = slots.length
    const heard = () => index < used
    const ended = () => {
      if (parking.delete(index) && parking.size === 0) allParked()
    }
    slots.push(createSlot({
      ready: (...args) => heard() && events.ready(index, ...args),
      loadFailed: (...args) => heard() && events.loadFailed(index, ...args),
      done(...args) {
        events.done(index, ...args)
        ended()
      },
      expired: (...args) => events.expired(index, ...args),
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
    }, () => index >= used && index < kept))
  }

  const pool: SlotPool = {
    get serving() {
      return slots.slice(0, used)
    },
    slot: (index) => index < used ? slots[index] : undefined,
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
      kept = used = count
      slots.splice(count).forEach((slot) => slot.close('This slot was given up'))
    },
    async use(count) {
      slots.splice(kept).forEach((slot) => slot.close())
      used = Math.min(count, kept)
      parking.clear()
      allParked()
      slots.slice(used, kept).forEach((slot, i) => {
        if (!slot.park(PARKED)) parking.add(used + i)
      })
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
      kept = used = 0
    },
  }
  pool.keep(count)
  return pool
}

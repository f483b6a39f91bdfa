/**
 * The slots of a node: those in service, and new ones on trial.
 *
 * A slot on trial is silent: the coordinator hears of it, and of what it holds, once it is kept.
 *
 * @module
 */
import type { SlotEvents } from './events.ts'
import type { Slot } from './slot.ts'

export interface SlotPool {
  /** In service, by index. */
  readonly serving: readonly Slot[]
  slot(index: number): Slot | undefined
  /** Slots up to `count` in all, those beyond the serving ones on trial. */
  trial(count: number): readonly Slot[]
  /** Takes the first `count` slots into service and closes the others. */
  keep(count: number): void
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
  createSlot: (events: SlotEvents) => Slot,
  events: PoolEvents,
): SlotPool {
  const slots: Slot[] = []
  let kept = 0

  function addSlot(): void {
    const index = slots.length
    const heard = () => index < kept
    slots.push(createSlot({
      ready: (...args) => heard() && events.ready(index, ...args),
      loadFailed: (...args) => heard() && events.loadFailed(index, ...args),
      done: (...args) => events.done(index, ...args),
      expired: (...args) => events.expired(index, ...args),
      failed: (...args) => events.failed(index, ...args),
      calledOff: (...args) => events.calledOff(index, ...args),
      restarted: (...args) => heard() && events.restarted(index, ...args),
      idle: () => heard() && events.idle(index),
    }))
  }

  const pool: SlotPool = {
    get serving() {
      return slots.slice(0, kept)
    },
    slot: (index) => index < kept ? slots[index] : undefined,
    trial(count) {
      while (slots.length < count) addSlot()
      return slots.slice(0, count)
    },
    keep(count) {
      pool.trial(count)
      kept = count
      slots.splice(count).forEach((slot) => slot.close('This slot was given up'))
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

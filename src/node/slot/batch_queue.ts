/**
 * Batches a slot has taken and not begun, each answered in time.
 *
 * @module
 */
import type { CropEncoding, StageItem } from '../../stages/types.ts'
import type { Clock } from '../clock.ts'

/** A batch as a slot gets it: everything here, nothing bound to the wire. */
export interface SlotBatch {
  batch: number
  /** Of the variant. */
  key: string
  items: StageItem[]
  crops: CropEncoding
  /** On the node's clock. */
  receivedMs: number
  expiresMs: number
  /** The watchdog's patience, from the start of the run. */
  giveUpMs: number
}

export interface BatchQueue {
  readonly length: number
  add(batch: SlotBatch): void
  /** The first batch that `runnable` lets through, out of the queue; nothing where it may not begin. */
  take(
    runnable: (batch: SlotBatch) => boolean,
    mayBegin: (batch: SlotBatch) => boolean,
  ): SlotBatch | undefined
  /** Whether it was there. */
  remove(batch: number): boolean
  /** All that `matches`, out of the queue. */
  drain(matches?: (batch: SlotBatch) => boolean): SlotBatch[]
}

/** @param onExpired gets each batch whose deadline came while it waited; it is out of the queue */
export function createBatchQueue(clock: Clock, onExpired: (batch: SlotBatch) => void): BatchQueue {
  let waiting: { batch: SlotBatch; disarm: () => void }[] = []

  function drain(matches: (batch: SlotBatch) => boolean): SlotBatch[] {
    const out = waiting.filter(({ batch }) => matches(batch))
    waiting = waiting.filter(({ batch }) => !matches(batch))
    out.forEach(({ disarm }) => disarm())
    return out.map(({ batch }) => batch)
  }

  return {
    get length() {
      return waiting.length
    },
    add(batch) {
      const leftMs = batch.expiresMs - clock.nowMs()
      if (leftMs <= 0) return onExpired(batch)
      const disarm = clock.after(leftMs, () => drain((other) => other === batch).forEach(onExpired))
      waiting.push({ batch, disarm })
    },
    take(runnable, mayBegin) {
      const first = waiting.find(({ batch }) => runnable(batch))
      if (first === undefined || !mayBegin(first.batch)) return undefined
      drain((batch) => batch === first.batch)
      return first.batch
    },
    remove: (number) => drain(({ batch }) => batch === number).length > 0,
    drain: (matches = () => true) => drain(matches),
  }
}

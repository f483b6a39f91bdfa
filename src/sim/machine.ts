/**
 * A simulated node while it is here: slots that share a machine, what of them is in use, and whether
 * it is cold.
 *
 * It does as it is told by `scale`: slots and duty at once, threads after their time and for the
 * batches that begin then. A slot that is not in use ends what it has. A node with none in use is at
 * rest, and runs what it is called for.
 *
 * @module
 */
import type { InUse } from '../policy/core/elastic.ts'
import type { BatchId, SlotIndex, VariantRef } from '../policy/core/types.ts'
import { soundDuty } from '../policy/state/slots.ts'
import type { ClassModel } from './class_model.ts'
import type { VirtualTime } from './events.ts'
import type { Starts } from './scenario_schema.ts'
import { createSlot, type Dispatch, type SimulatedSlot, type SlotParts } from './slot.ts'
import type { NodeUsage } from './usage.ts'

export interface MachineParts {
  time: VirtualTime
  model: ClassModel
  starts: Starts
  usage: NodeUsage | undefined
  computeMs(batch: Dispatch, threads: number): number
  slot(index: SlotIndex): Pick<SlotParts, 'loaded' | 'loadFailed'>
  batch: Pick<SlotParts, 'ended' | 'calledOff' | 'refused'>
  /** It ran batches since then, and now runs none. */
  ran(startMs: number): void
  /** A `scale` is done. */
  scaled(inUse: InUse): void
}

export interface Machine {
  readonly slots: readonly SimulatedSlot[]
  readonly inUse: InUse
  readonly isCold: boolean
  readonly isRecruiting: boolean
  load(slot: SlotIndex, ref: VariantRef): void
  unload(slot: SlotIndex, ref: VariantRef): void
  cancel(batch: BatchId): void
  scale(to: InUse): void
  /** Gone with all it had. When it began to run what it was running, if it was. */
  stop(): number | undefined
}

export function createMachine(parts: MachineParts): Machine {
  const { time, model, usage } = parts
  const { slots: count, sharing, mostThreads } = model
  let inUse: InUse = { slots: parts.starts === 'resting' ? 0 : count, duty: model.duty, threads: 1 }
  let cold = parts.starts === 'cold'
  const canBeCold = cold || model.canBeCold
  let recruitedAtMs = -Infinity
  let stopped = false
  /** Of the last `scale`; an earlier one is void. */
  let turn = 0
  let busySinceMs = 0
  let busy = 0
  /** By slot: threads of what runs there, or ran until it rests; 0 of one with nothing to do. */
  const engaged: number[] = Array(count).fill(0)

  const isRecruiting = () => time.nowMs <= recruitedAtMs

  const slots = Array.from({ length: count }, (_, index) =>
    createSlot({
      time,
      swapMs: model.swapMs,
      room: model.room,
      duty: model.duty,
      computeMs: (batch) => parts.computeMs(batch, inUse.threads),
      recruitedAtMs: () => isRecruiting() ? recruitedAtMs : undefined,
      began() {
        engaged[index] = inUse.threads
        if (busy === 0) busySinceMs = time.nowMs
        setBusy(busy + 1)
      },
      ran() {
        setBusy(busy - 1)
        if (busy === 0) parts.ran(busySinceMs)
      },
      rested() {
        engaged[index] = 0
        recount()
        coolDown()
      },
      ...parts.slot(index),
      ...parts.batch,
    }))
  recount()

  /** Batches that run beside each other slow each other down. */
  function setBusy(to: number): void {
    busy = to
    if (sharing !== undefined && to > 0) {
      const share = sharing[Math.min(to, sharing.length) - 1]!
      for (const slot of slots) slot.setShare(share)
    }
    recount()
  }

  function recount(): void {
    usage?.is({
      state: stopped ? 'away' : cold ? 'cold' : time.nowMs < recruitedAtMs ? 'recruiting' : 'warm',
      slots: inUse.slots,
      threads: inUse.threads,
      busy,
      share: inUse.duty * engaged.reduce((sum, one) => sum + one, 0) / (count * mostThreads),
    })
  }

  /** Nothing is in use, and nothing there. */
  function coolDown(): void {
    if (!canBeCold || cold || inUse.slots > 0 || !slots.every((slot) => slot.isEmpty())) return
    cold = true
    recount()
  }

  function recruit(): void {
    cold = false
    recruitedAtMs = time.nowMs + model.coldMs
    recount()
    time.at(recruitedAtMs, () => stopped || recount())
  }

  return {
    slots,
    get inUse() {
      return inUse
    },
    get isCold() {
      return cold
    },
    get isRecruiting() {
      return isRecruiting()
    },
    load(index, ref) {
      if (cold) recruit()
      slots[index]!.load(ref)
    },
    unload(index, ref) {
      slots[index]!.unload(ref)
      coolDown()
    },
    cancel(batch) {
      for (const slot of slots) slot.cancel(batch)
    },
    scale(to) {
      const mine = ++turn
      const threads = Math.min(Math.max(1, Math.floor(to.threads)), mostThreads)
      const duty = Math.min(soundDuty(to.duty), model.duty)
      inUse = { ...inUse, slots: Math.min(Math.max(0, Math.floor(to.slots)), count), duty }
      for (const slot of slots) slot.setDuty(duty)
      coolDown()
      const waitMs = threads === inUse.threads ? 0 : model.resizeMs
      if (waitMs === 0) inUse = { ...inUse, threads }
      recount()
      // Of several at one moment the last is answered, as of those that come before threads are there.
      time.at(time.nowMs + waitMs, () => {
        if (stopped || mine !== turn) return
        inUse = { ...inUse, threads }
        recount()
        parts.scaled(inUse)
      })
    },
    stop() {
      for (const slot of slots) slot.stop()
      const since = busy > 0 ? busySinceMs : undefined
      stopped = true
      busy = 0
      recount()
      return since
    },
  }
}

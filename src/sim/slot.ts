/**
 * A simulated slot: loads variants one after another, runs one batch at a time in the order they
 * came, at half speed while it loads, and slower where others of its node run beside it.
 *
 * Whether a load blocks is the policy's doing: who unloads the old variant first has nothing to run
 * until the new one is there; who loads first keeps serving, slower.
 *
 * @module
 */
import { restMs } from '../policy/state/slots.ts'
import type { BatchId, PolicyCommand, VariantRef } from '../policy/core/types.ts'
import type { VirtualTime } from './events.ts'

export type Dispatch = Extract<PolicyCommand, { type: 'dispatch' }>

export interface SlotParts {
  time: VirtualTime
  swapMs: number
  /** Variants held at once; one more while its load is to replace another. */
  room: number
  /** Share of the time that it runs to begin with: it rests after each batch. */
  duty: number
  /** Time that this batch takes when nothing loads meanwhile. */
  computeMs(batch: Dispatch): number
  /** When its node will have been recruited: what it is told to load meanwhile is there then. */
  recruitedAtMs?(): number | undefined
  /** A batch begins; and the rest after one is over, with no other to begin. */
  began?(): void
  rested?(): void
  loaded(ref: VariantRef): void
  loadFailed(ref: VariantRef, message: string): void
  /** Whatever it ran since then has ended. */
  ran(startMs: number): void
  ended(batch: Dispatch, startMs: number, waitedMs: number): void
  /** It was called off while it ran, and has ended. */
  calledOff(batch: Dispatch, startMs: number): void
  /** The variant of this batch is not held. */
  refused(batch: Dispatch): void
}

export interface SimulatedSlot {
  holds(ref: VariantRef): boolean
  /** Variants held. */
  count(): number
  /** Nothing is held nor being loaded, and nothing runs or is to. */
  isEmpty(): boolean
  /** Holds it from now on, at no cost. */
  hold(ref: VariantRef): void
  load(ref: VariantRef): void
  unload(ref: VariantRef): void
  push(batch: Dispatch): void
  cancel(batch: BatchId): void
  /** Of the time, from now on; a rest that has begun becomes as long as it is with this. */
  setDuty(to: number): void
  /** What it runs at, of its own speed: others run beside it. */
  setShare(to: number): void
  /** Gone with all it had. When the batch that it was running began, if there was one. */
  stop(): number | undefined
}

interface Running {
  batch: Dispatch
  startMs: number
  waitedMs: number
  /** Time that is left at full speed, as of `sinceMs`. */
  leftMs: number
  sinceMs: number
  cancelled: boolean
}

export const keyOf = ({ pipeline, task, variant }: VariantRef) => `${pipeline}/${task}/${variant}`
const LOADING_SPEED = 0.5

export function createSlot(parts: SlotParts): SimulatedSlot {
  const { time, swapMs, room } = parts
  const held = new Set<string>()
  const loads: { ref: VariantRef; recruitedAtMs: number | undefined }[] = []
  const waiting: { batch: Dispatch; sinceMs: number }[] = []
  let running: Running | null = null
  let { duty } = parts
  let share = 1
  let speed = 1
  let lastMs = 0
  let restsFromMs = -Infinity
  let restsUntilMs = -Infinity
  /** Of the last completion foreseen; an earlier one is void. */
  let foreseen = 0
  let stopped = false

  function settle(): void {
    if (running === null) return
    running.leftMs -= (time.nowMs - running.sinceMs) * speed
    running.sinceMs = time.nowMs
  }

  function foresee(): void {
    if (running === null) return
    const mine = ++foreseen
    time.at(time.nowMs + Math.max(0, running.leftMs) / speed, () => {
      if (mine === foreseen && !stopped) end()
    })
  }

  function changeSpeed(): void {
    const to = (loads.length > 0 ? LOADING_SPEED : 1) * share
    if (to === speed) return
    settle()
    speed = to
    foresee()
  }

  function end(): void {
    const { batch, startMs, waitedMs, cancelled } = running!
    running = null
    lastMs = time.nowMs - startMs
    restsFromMs = time.nowMs
    if (duty < 1) rest()
    parts.ran(startMs)
    if (cancelled) parts.calledOff(batch, startMs)
    else parts.ended(batch, startMs, waitedMs)
    start()
  }

  function rest(): void {
    restsUntilMs = Math.max(time.nowMs, restsFromMs + restMs({ duty }, lastMs))
    time.at(restsUntilMs, () => stopped || start())
  }

  function start(): void {
    if (time.nowMs < restsUntilMs) return
    while (running === null && waiting.length > 0) {
      const { batch, sinceMs } = waiting.shift()!
      if (!held.has(keyOf(batch))) {
        parts.refused(batch)
        continue
      }
      running = {
        batch,
        startMs: time.nowMs,
        waitedMs: time.nowMs - sinceMs,
        leftMs: parts.computeMs(batch),
        sinceMs: time.nowMs,
        cancelled: false,
      }
      parts.began?.()
      foresee()
    }
    if (running === null) parts.rested?.()
  }

  function startLoad(): void {
    changeSpeed()
    if (loads.length === 0) return
    const { ref, recruitedAtMs } = loads[0]!
    time.at(recruitedAtMs ?? time.nowMs + swapMs, () => {
      if (stopped) return
      loads.shift()
      startLoad()
      held.add(keyOf(ref))
      parts.loaded(ref)
    })
  }

  return {
    holds: (ref) => held.has(keyOf(ref)),
    count: () => held.size,
    isEmpty: () => held.size + loads.length + waiting.length === 0 && running === null,
    hold: (ref) => void held.add(keyOf(ref)),
    load(ref) {
      const { pipeline, task, variant } = ref
      const mine = { pipeline, task, variant }
      if (held.has(keyOf(ref))) return time.at(time.nowMs, () => stopped || parts.loaded(mine))
      if (held.size + loads.length > room) {
        return time.at(time.nowMs, () => {
          if (!stopped) parts.loadFailed(mine, `no room: the slot can hold ${room} variants`)
        })
      }
      loads.push({ ref: mine, recruitedAtMs: parts.recruitedAtMs?.() })
      if (loads.length === 1) startLoad()
    },
    unload: (ref) => void held.delete(keyOf(ref)),
    push(batch) {
      waiting.push({ batch, sinceMs: time.nowMs })
      start()
    },
    cancel(batch) {
      const at = waiting.findIndex((one) => one.batch.batch === batch)
      if (at >= 0) waiting.splice(at, 1)
      else if (running?.batch.batch === batch) running.cancelled = true
    },
    setDuty(to) {
      if (to === duty) return
      duty = to
      if (time.nowMs < restsUntilMs) rest()
    },
    setShare(to) {
      share = to
      changeSpeed()
    },
    stop() {
      stopped = true
      return running?.startMs
    },
  }
}

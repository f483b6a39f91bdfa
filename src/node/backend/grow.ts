/**
 * As many slots as are worth it on this machine, found by measuring: presence of processors says
 * little about what a neighbour, a heat limit or the memory bus leaves of them.
 *
 * @module
 */
import { type Clock, createSleeper } from '../clock.ts'
import type { EngineUse } from '../engine/engine.ts'
import type { InstanceSpec } from '../engine/worker_api.ts'
import type { SlotPool } from '../slot/pool.ts'
import type { Pace } from '../slot/pace.ts'
import { rateOf } from '../slot/rate.ts'
import type { Slot } from '../slot/slot.ts'

export interface GrowOptions {
  clock: Clock
  pace: Pace
  pool: SlotPool
  /** May change with the engine. */
  mostSlots(): number
  /** A small variant that the first slot holds; what is measured. */
  probe(): InstanceSpec | undefined
  /** The machine may have been busy: time to call `run` again. */
  again(): void
  /** Called with the new number of slots. */
  grown(slots: number): void
}

export interface Grower {
  /**
   * Gives up the slots that the node began with where they bring too little, then tries until more
   * bring too little, or work comes; in that case call it again later.
   */
  run(): Promise<'done' | 'disturbed'>
  /** What is on trial now comes to nothing. */
  interrupt(): void
  /** Slots may have been unparked: what `run` left for later is due. */
  unparked(): void
  /**
   * Starts slots up to this number, as far as they come up in time. None while the node may not
   * measure.
   */
  growTo(count: number, isWished: () => boolean): Promise<void>
  /** Begins anew, from the slots in service: another engine runs in them. */
  reset(): void
  stop(): void
}

/** How long a new slot may take to come up and load the small variant. */
const COME_UP_MS = 20_000
const MAX_DISTURBED = 50
/** Wait before a slot that was not worth it is tried again; doubles each time. */
const AGAIN_MS = 60_000
const MAX_AGAIN = 6
/** A slot must add this share of what one slot does alone. */
const LEAST_GAIN = 0.3
/** Several slots at once must bring nearly all they could, else they are tried one by one. */
const JUMP_GAIN = 0.8
const WINDOW_MS = 600

/** What a slot with a pipeline in it may take; bounds the number of slots. */
const SLOT_BYTES = 400 * 1024 * 1024
/** They share one GPU: the second fills what the first leaves while it cuts and decodes. */
const MAX_GPU_SLOTS = 2

/** Slots that a machine may come to have on a backend. */
export function mostSlotsOn(
  { backend, threads }: EngineUse,
  machine: { processors: number; memoryBytes: number },
): number {
  const runs = backend === 'webgpu' ? MAX_GPU_SLOTS : Math.floor(machine.processors / threads)
  return Math.max(1, Math.min(runs, Math.floor(machine.memoryBytes / SLOT_BYTES)))
}

export function createGrower(options: GrowOptions): Grower {
  const { clock, pace, pool, mostSlots } = options
  const sleeper = createSleeper(clock)
  let stopped = false
  /** Raised with all that a trial does not outlast. */
  let turn = 0
  /** Calls of `growTo` under way. */
  let growing = 0
  /** `run` came while some were parked. */
  let isOwed = false
  let step = 1
  let done = false
  /** Whether the slots that it began with are worth it. */
  let checked = false
  let disturbed = 0
  let tries = 0
  /** Runs per ms of one slot alone. */
  let aloneRate: number | undefined

  async function comeUp(
    slots: readonly Slot[],
    spec: InstanceSpec,
    isWished: () => boolean,
  ): Promise<boolean> {
    const lateMs = clock.nowMs() + COME_UP_MS
    for (const slot of slots) if (!slot.holds(spec.key)) slot.load(spec)
    while (!slots.every((slot) => slot.holds(spec.key))) {
      if (stopped || !isWished() || !pace.may() || clock.nowMs() > lateMs) return false
      await sleeper.pause(50)
    }
    return true
  }

  async function tryMore(spec: InstanceSpec): Promise<'grown' | 'not_worth_it' | 'disturbed'> {
    const mine = turn
    const before = pool.all
    const count = Math.min(before.length + step, mostSlots())
    const slots = pool.trial(count)
    const up = await comeUp(slots.slice(before.length), spec, () => mine === turn)
    if (stopped || mine !== turn || !pace.may()) return 'disturbed'
    if (!up) return 'not_worth_it'
    const rateBefore = await rateOf(pace, before, [spec.key], WINDOW_MS)
    if (rateBefore === undefined) return 'disturbed'
    aloneRate ??= rateBefore / before.length
    const rateAfter = await rateOf(pace, slots, [spec.key], WINDOW_MS)
    if (rateAfter === undefined || stopped || mine !== turn) return 'disturbed'
    const gain = (rateAfter - rateBefore) / (count - before.length)
    const least = count - before.length === 1 ? LEAST_GAIN : JUMP_GAIN
    if (gain < least * aloneRate) return 'not_worth_it'
    pool.keep(count)
    options.grown(count)
    return 'grown'
  }

  /** What the slots in service bring beyond the first, each in shares of what that does alone. */
  async function lessIfNotWorthIt(spec: InstanceSpec): Promise<'done' | 'disturbed'> {
    const mine = turn
    const all = pool.all
    if (!all.every((slot) => slot.holds(spec.key))) return 'disturbed'
    const alone = await rateOf(pace, all.slice(0, 1), [spec.key], WINDOW_MS)
    const together = await rateOf(pace, all, [spec.key], WINDOW_MS)
    if (alone === undefined || together === undefined) return 'disturbed'
    if (stopped || mine !== turn) return 'disturbed'
    checked = true
    aloneRate = alone
    if ((together - alone) / (all.length - 1) >= LEAST_GAIN * alone) return 'done'
    pool.keep(1)
    options.grown(1)
    return 'done'
  }

  function tryLater(): void {
    if (tries >= MAX_AGAIN) return
    void sleeper.pause(AGAIN_MS * 2 ** tries++).then(() => {
      if (stopped) return
      done = false
      // What one slot does alone may have been measured next to a busy neighbour, too.
      aloneRate = undefined
      options.again()
    })
  }

  return {
    async run() {
      // What the machine carries is not to be measured while less of it is to be in use.
      const isParked = () => growing > 0 || pool.serving.length < pool.kept
      if (isParked()) {
        isOwed = true
        return 'done'
      }
      if (!checked && pool.kept > 1) {
        const spec = options.probe()
        const outcome = spec === undefined ? 'disturbed' : await lessIfNotWorthIt(spec)
        if (outcome === 'disturbed' && ++disturbed < MAX_DISTURBED) return outcome
      }
      while (!done && pool.kept < mostSlots()) {
        const spec = options.probe()
        if (spec === undefined) return 'disturbed'
        const outcome = await tryMore(spec)
        if (isParked()) return 'disturbed'
        // On pause not even a slot on trial comes up.
        if (!pace.may()) pool.keep(pool.kept)
        if (outcome === 'disturbed' && ++disturbed < MAX_DISTURBED) return outcome
        if (outcome === 'grown') {
          step *= 2
          continue
        }
        pool.keep(pool.kept)
        if (step === 1) {
          done = true
          tryLater()
        }
        step = 1
      }
      return 'done'
    },
    interrupt: () => void turn++,
    unparked() {
      if (!isOwed || growing > 0 || pool.serving.length < pool.kept) return
      isOwed = false
      options.again()
    },
    async growTo(count, isWished) {
      turn++
      const { kept } = pool
      const spec = options.probe()
      const fresh = pace.may() ? pool.trial(count).slice(kept) : []
      fresh.forEach((slot) => slot.prepare())
      growing++
      if (spec !== undefined) await comeUp(fresh, spec, isWished)
      growing--
      if (stopped) return
      if (!isWished()) {
        if (growing === 0) pool.keep(pool.kept)
        return
      }
      const late = spec === undefined ? -1 : fresh.findIndex((slot) => !slot.holds(spec.key))
      const there = kept + (late < 0 ? fresh.length : late)
      pool.keep(there)
      if (there > kept) options.grown(there)
    },
    reset() {
      done = false
      step = 1
      disturbed = 0
      aloneRate = undefined
    },
    stop() {
      stopped = done = true
      sleeper.wake()
    },
  }
}

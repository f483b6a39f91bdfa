/**
 * How many threads one run of a model has on the processor: as many as asked for, by the volunteer or
 * within what is worth it by the coordinator; on WebAssembly else one, or two where they prove as good.
 *
 * Two workers of one thread each answer two queries side by side; one worker of two threads answers
 * one query in half the time and holds the models once. Which carries more depends on the device
 * and is measured on it, both ways in turn, while the node is idle.
 *
 * @module
 */
import { type Clock, createSleeper } from '../clock.ts'
import type { InstanceSpec } from '../engine/worker_api.ts'
import type { Host } from '../host.ts'
import { bringUp } from '../slot/bring_up.ts'
import type { Pace } from '../slot/pace.ts'
import { rateOf, roundsPerMs } from '../slot/rate.ts'
import type { Slot } from '../slot/slot.ts'
import type { WorkerClient } from '../slot/worker_client.ts'
import { createSpeedups } from './speedups.ts'
import { warmUp } from './trial.ts'

export interface ThreadChoiceOptions {
  clock: Clock
  pace: Pace
  host: Pick<Host, 'runtime' | 'sharesMemory' | 'assets' | 'createWorker'>
  /** What was asked for; absent, it is measured. */
  wish: number | undefined
  /** Runs are the native engine's. */
  native: boolean
  /** Most processors to keep busy. */
  processors: number
  /** The number of slots was asked for and stays. */
  fixedSlots: boolean
  slots(): readonly Slot[]
  /** What to compare on. */
  samples(): InstanceSpec[]
  /** What to see on what more threads are worth. */
  heaviest(): InstanceSpec | undefined
  fetchModel(spec: InstanceSpec): Promise<Uint8Array>
  /** How many times as fast as with one thread a batch runs with 1, 2, ... */
  gained(speedups: readonly number[]): void
}

export interface ThreadChoice {
  /** Threads that a run on the processor has. */
  readonly perRun: number
  /** The most that it may have: asked for, or found to be worth it. */
  readonly lent: number
  /** As measured, where more than one are worth it. */
  readonly speedups: readonly number[] | undefined
  /** As the coordinator wishes, on each worker that begins from now on. */
  use(count: number): void
  /** Why, as the second half of a sentence; empty where there was no choice to speak of. */
  readonly reason: string
  /** Measures, if there is something to decide. 'more' asks for the slots to be moved. */
  run(): Promise<'done' | 'more' | 'disturbed'>
  /** Measures what more threads are worth, once that is what slots stay on. */
  gain(): Promise<'done' | 'disturbed'>
  /** It cannot be measured as things are: memory has no room for one more worker. */
  hasNoRoom(): void
  /** The slots could not be moved: one thread it stays. */
  stay(): void
  /** A batch came in, or a pause: what is under way ends. */
  disturb(): void
  stop(): void
}

const MORE = 2
/** Half the time for each answer and half the memory are worth this share of what is carried. */
const LEAST_SHARE = 0.9
/** Each way is measured so often, and its best counts: neighbours only ever slow things down. */
const ROUNDS = 2
const WINDOW_MS = 600
const LIMIT_MS = 30_000
const MAX_DISTURBED = 4
const WAIT_MS = 300
const MAX_WAITS = 30

export function createThreadChoice(options: ThreadChoiceOptions): ThreadChoice {
  const { clock, pace, host, wish, processors } = options
  let perRun = 1
  let told: number | undefined
  let speedups: readonly number[] | undefined
  let reason = ''
  let done = true
  let disturbed = 0
  let waits = 0
  const sleeper = createSleeper(clock)
  let client: WorkerClient | undefined

  if (options.native) perRun = wish ?? 1
  else if (host.sharesMemory !== true) {
    // Elsewhere than in a page nobody expects more.
    if (host.runtime === 'browser') {
      reason = 'one thread a run, since the page has no memory that threads could share'
    }
  } else if (wish !== undefined) {
    perRun = wish
    reason = `${wish === 1 ? 'one thread' : `${wish} threads`} a run, as asked for`
  } else if (processors < MORE) {
    reason = 'one thread a run, since one processor may be busy'
  } else if (options.fixedSlots) {
    reason = 'one thread a run, since the number of workers was asked for'
  } else {
    reason = 'whether two threads a run are better is yet to be measured'
    done = false
  }

  /** Rounds per ms of what the slots carry that two threads would take the place of. */
  const rateOfSlots = (keys: readonly string[]) =>
    rateOf(pace, options.slots().slice(0, MORE), keys, WINDOW_MS)

  async function compare(specs: readonly InstanceSpec[], mine: WorkerClient) {
    const keys = specs.map(({ key }) => key)
    const best = { slots: 0, threads: 0 }
    for (const key of keys) await warmUp(pace, () => mine.measure(key, 1, LIMIT_MS))
    for (let round = 0; round < ROUNDS; round++) {
      const slots = await rateOfSlots(keys)
      const threads = await roundsPerMs(
        pace,
        keys,
        WINDOW_MS,
        async (key) => (await mine.measure(key, 1, LIMIT_MS)).ok,
      )
      if (slots === undefined || threads === undefined) return undefined
      best.slots = Math.max(best.slots, slots)
      best.threads = Math.max(best.threads, threads)
    }
    return best
  }

  async function run(): Promise<'done' | 'more' | 'disturbed'> {
    if (done || told !== undefined) return 'done'
    const all = options.samples()
    const compared = options.slots().slice(0, MORE)
    const specs = all.filter(({ key }) => compared.every((slot) => slot.holds(key)))
    if (specs.length < all.length && waits < MAX_WAITS) {
      // A slot that is new is being filled.
      waits++
      await sleeper.pause(WAIT_MS)
      return 'disturbed'
    }
    if (specs.length === 0 || !pace.may()) return disturbance()
    const up = await bringUp({
      clock,
      specs,
      assets: host.assets,
      maxLoadMs: LIMIT_MS,
      engine: { backend: 'wasm', threads: MORE },
      createWorker: () => host.createWorker(),
      fetchModel: options.fetchModel,
      started: (mine) => client = mine,
    })
    const mine = client
    const best = up.ok ? await compare(specs, up.value.client) : undefined
    mine?.close()
    if (done) return 'done'
    // Ended by a batch, not by itself.
    if (best === undefined && (up.ok || client === undefined)) return disturbance()
    client = undefined
    if (!up.ok) return settle(`one thread a run: a worker of two failed: ${up.message}`)
    return judge(best!, specs)
  }

  function judge(best: { slots: number; threads: number }, specs: readonly InstanceSpec[]) {
    const workers = Math.min(MORE, options.slots().length)
    const beside = workers === 1 ? 'one worker of one thread' : 'two workers of one thread'
    const what = specs.map(({ key }) => key.split('/').at(-1)).join(' + ')
    const figures = `of ${what} two threads carried ${perSecond(best.threads)} a second, ` +
      `${beside} ${perSecond(best.slots)}`
    if (best.threads < LEAST_SHARE * best.slots) return settle(`one thread a run: ${figures}`)
    perRun = MORE
    settle(`two threads a run: ${figures}`)
    return 'more'
  }

  function settle(because: string): 'done' {
    done = true
    reason = because.slice(0, 250)
    return 'done'
  }

  function disturbance(): 'done' | 'disturbed' {
    client = undefined
    if (++disturbed < MAX_DISTURBED) return 'disturbed'
    return settle('one thread a run: there was never time to measure two')
  }

  const gains = createSpeedups({
    ...options,
    backend: options.native ? 'native' : 'wasm',
    most: options.native || host.sharesMemory === true ? wish ?? processors : 1,
    sample: options.heaviest,
    found(all) {
      speedups = all
      options.gained(all)
    },
  })

  return {
    get perRun() {
      return told ?? perRun
    },
    get lent() {
      return Math.max(perRun, speedups?.length ?? 1)
    },
    get speedups() {
      return speedups
    },
    use(count) {
      told = count
    },
    get reason() {
      return reason
    },
    run,
    gain: gains.run,
    hasNoRoom() {
      if (!done) {
        reason = 'one thread a run: its memory has no room for a worker to measure two with'
      }
    },
    stay() {
      perRun = 1
      settle('one thread a run: a worker of two did not come up to take over')
    },
    disturb() {
      gains.disturb()
      client?.close()
      client = undefined
    },
    stop() {
      done = true
      gains.stop()
      sleeper.wake()
      client?.close()
    },
  }
}

const perSecond = (perMs: number) => (1000 * perMs).toFixed(1)

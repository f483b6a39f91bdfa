/**
 * Which backend a node runs on: the one asked for, or the one that proved faster on this device.
 *
 * Serving begins at once on WebAssembly. WebGPU, where there is a GPU, is tried in a worker of its own
 * while the node is idle. A software adapter is many times as slow, and used only where asked for.
 *
 * @module
 */
import type { EngineFault, Failure } from '../engine/answer.ts'
import { type Adapter, adapterName, noAdapter, readAdapter } from '../engine/adapter.ts'
import type { Backend, EngineUse } from '../engine/engine.ts'
import type { InstanceSpec } from '../engine/worker_api.ts'
import type { Host } from '../host.ts'
import { medianMs } from '../measure/series.ts'
import type { Measured } from '../slot/slot.ts'
import { createBackendMemory, type Decision } from './memory.ts'
import { createThreadChoice, type ThreadChoice, type ThreadChoiceOptions } from './thread_choice.ts'
import { startTrial, type Trial, TRIAL_RUNS } from './trial.ts'

export type BackendWish = 'auto' | Backend

export interface BackendChoiceOptions
  extends Omit<ThreadChoiceOptions, 'host' | 'native' | 'wish' | 'samples'> {
  host: Host
  wish: BackendWish
  /** Why, where it is not the volunteer who asked for it. */
  wishReason: string | undefined
  /** Whether the volunteer lends the GPU. */
  gpu: boolean
  /** Threads of one run; measured where absent and worth a thought. */
  threadsPerRun: number | undefined
  /** Slots that this machine and the volunteer's limits allow on an engine. */
  mostSlots(use: EngineUse): number
  readAdapter?(): Promise<Adapter | undefined>
  /** What to compare on: of each task the quickest variant held, the quickest of all first. */
  samples(): InstanceSpec[]
  /** One run on the present backend; nothing when it had to give way. */
  measure(key: string): Promise<Measured | undefined>
  /** Moves the slots over to `use`; false where that failed and they stay as they are. */
  move(): Promise<boolean>
  /** A decision fell, or was taken back. */
  decided(use: EngineUse, reason: string): void
}

export interface BackendChoice {
  /** What a worker that comes up now is to run on. */
  readonly use: EngineUse
  /** Why, in one sentence. */
  readonly reason: string
  readonly device: Adapter | undefined
  readonly threads: Pick<ThreadChoice, 'lent' | 'speedups' | 'use'>
  /** @throws Error where what was asked for by name is not to be had */
  start(): Promise<void>
  /** Measures, if there is still something to decide; asked again until 'done'. */
  run(): Promise<'done' | 'disturbed'>
  /** Nothing can be measured beside those that serve: memory has no room for one more worker. */
  hasNoRoom(): void
  /** A batch came in: a trial that takes the processor from it ends. */
  disturb(): void
  /** Running work ends, on any backend. */
  paused(): void
  /** A serving worker died. */
  died(failure: Failure): void
  stop(): void
}

/** How much more WebGPU must carry, to be worth a device that may be lost. */
const LEAST_GAIN = 1.2
/** Most time a device may take to show its speed. */
const LIMIT_MS = 60_000
const MAX_DISTURBED = 4
/** So many deaths on the GPU within this time, and it is given up. */
const MAX_DEATHS = 2
/** Of a worker that was ended for a failed or overdue run, which may be the batch's fault. */
const DOUBTFUL_DEATH = 0.5
const SURE: readonly EngineFault[] = ['device_lost', 'worker_died', 'broken', 'init_failed']
const DEATHS_WITHIN_MS = 10 * 60_000
const MAX_REASON = 500

export function createBackendChoice(options: BackendChoiceOptions): BackendChoice {
  const { clock, pace, host, wish } = options
  const memory = createBackendMemory(host.storage, host.assets)
  const threads = createThreadChoice({
    ...options,
    native: wish === 'native',
    wish: options.threadsPerRun,
  })
  let backend: Backend = wish === 'auto' ? 'wasm' : wish
  let reason = `${backend}: ${options.wishReason ?? 'asked for by name'}`
  let device: Adapter | undefined
  let known: Decision | undefined
  let done = wish !== 'auto'
  let stopped = false
  let disturbed = 0
  let trial: Trial | undefined
  let deaths: { atMs: number; weight: number }[] = []

  const useOf = (one: Backend): EngineUse => ({
    backend: one,
    threads: one === 'webgpu' ? 1 : threads.perRun,
  })

  const wholeReason = () =>
    (backend !== 'wasm' || threads.reason === '' ? reason : `${reason}; ${threads.reason}`)
      .slice(0, MAX_REASON)

  function conclude(because: string): 'done' {
    done = true
    reason = because
    options.decided(useOf(backend), wholeReason())
    return 'done'
  }

  async function start(): Promise<void> {
    if (backend === 'native' && host.assets.ort?.native === undefined) {
      throw new Error('Cannot use backend native: this node has no native engine')
    }
    if (wish === 'wasm' || wish === 'native') return
    if (!options.gpu) {
      if (wish === 'webgpu') {
        throw new Error('Cannot use backend webgpu: the GPU is not to be used here')
      }
      done = true
      reason = 'wasm: the GPU is not to be used here'
      return
    }
    device = await (options.readAdapter ?? readAdapter)()
    if (wish === 'webgpu') {
      if (device !== undefined) return
      throw new Error(`Cannot use backend webgpu: ${noAdapter()}`)
    }
    if (device === undefined) {
      done = true
      reason = `wasm: ${noAdapter()}`
      return
    }
    if (device.software) {
      done = true
      reason = `wasm: webgpu (${adapterName(device)}) is used only where it is asked for`
      return
    }
    known = await memory.recall(device)
    backend = known?.backend ?? 'wasm'
    reason = known?.reason ?? `wasm: webgpu (${adapterName(device)}) is yet to be measured`
  }

  async function presentMs(specs: readonly InstanceSpec[]): Promise<number | undefined> {
    let sumMs = 0
    for (const { key } of specs) {
      const runsMs: number[] = []
      while (runsMs.length < TRIAL_RUNS) {
        const one = await pace.run(() => options.measure(key))
        if (one?.value === undefined) return undefined
        runsMs.push(one.value.runMs)
      }
      sumMs += medianMs(runsMs)
    }
    return sumMs
  }

  /** One after the other: what is best on WebAssembly is what a GPU has to beat. */
  async function run(): Promise<'done' | 'disturbed'> {
    const undecided = threads.reason
    const more = backend === 'wasm' ? await threads.run() : 'done'
    if (more === 'disturbed' || stopped) return stopped ? 'done' : 'disturbed'
    if (more === 'more' && !await options.move()) threads.stay()
    if (threads.reason !== undecided) options.decided(useOf(backend), wholeReason())
    // New slots are to be grown and measured first.
    const other = more === 'more' ? 'disturbed' : await tryOther()
    return other === 'done' && backend !== 'webgpu' ? await threads.gain() : other
  }

  function hasNoRoom(): void {
    const before = wholeReason()
    threads.hasNoRoom()
    if (wholeReason() !== before) options.decided(useOf(backend), wholeReason())
  }

  async function tryOther(): Promise<'done' | 'disturbed'> {
    if (done || device === undefined) return 'done'
    const specs = options.samples()
    if (specs.length === 0) return disturbance()
    const models = specs.map(({ hash }) => hash).join(' ')
    if (known?.models === models) {
      done = true
      return 'done'
    }
    const hereMs = await presentMs(specs)
    if (hereMs === undefined || done || !pace.may()) return disturbance()
    const other = backend === 'wasm' ? 'webgpu' : 'wasm'
    const { assets } = host
    trial = startTrial({
      clock,
      pace,
      assets,
      specs,
      limitMs: LIMIT_MS,
      engine: useOf(other),
      createWorker: () => host.createWorker(),
      fetchModel: options.fetchModel,
    })
    const mine = trial
    const answer = await mine.result
    if (trial !== mine || done) return disturbance()
    trial = undefined
    const what = specs.map(({ key }) => key.split('/').at(-1)).join(' + ')
    const name = adapterName(device)
    if (!answer.ok) {
      // A GPU that serves well is not given up because a trial of the other failed.
      if (other === 'wasm') return conclude(reason)
      const because = answer.code === 'timeout'
        ? `was not through its first runs of ${what} within ${LIMIT_MS / 1000} s`
        : `failed: ${answer.message}`
      return await settle({ backend: 'wasm', models, reason: `wasm: webgpu (${name}) ${because}` })
    }
    const [wasmMs, gpuMs] = other === 'webgpu' ? [hereMs, answer.value] : [answer.value, hereMs]
    // Each worker on the processor brings the same again; on a GPU they share one device.
    const workers = other === 'webgpu' ? options.slots().length : mostWorkers()
    const each = workers === 1 ? '' : ` in each of ${workers} workers`
    const figures = `webgpu (${name}) took ${inMs(gpuMs)} for ${what}, wasm ${inMs(wasmMs)}${each}`
    const better: Backend = gpuMs * LEAST_GAIN <= wasmMs / workers ? 'webgpu' : 'wasm'
    return await settle({ backend: better, models, reason: `${better}: ${figures}` })
  }

  const mostWorkers = () =>
    options.fixedSlots ? options.slots().length : options.mostSlots(useOf('wasm'))

  async function settle(decision: Decision): Promise<'done'> {
    const before = backend
    backend = decision.backend
    done = true
    if (backend !== before && !await options.move()) {
      backend = before
      return conclude(`${before}: a worker on ${decision.backend} did not come up to take over`)
    }
    // Lost while the slots were on their way to it.
    if (backend !== decision.backend) return 'done'
    await memory.keep(device!, decision)
    return conclude(decision.reason)
  }

  function endTrial(): void {
    trial?.stop()
    trial = undefined
  }

  function disturbance(): 'done' | 'disturbed' {
    if (done) return 'done'
    if (++disturbed < MAX_DISTURBED) return 'disturbed'
    return conclude(`${backend}: there was never time to measure the other one`)
  }

  return {
    get use() {
      return useOf(backend)
    },
    get reason() {
      return wholeReason()
    },
    get device() {
      return device
    },
    threads,
    start,
    run,
    hasNoRoom,
    // A GPU leaves the processor to the batch: its trial goes on.
    disturb: threads.disturb,
    paused() {
      threads.disturb()
      endTrial()
    },
    died({ code }) {
      if (wish !== 'auto' || backend !== 'webgpu') return
      const nowMs = clock.nowMs()
      deaths = deaths.filter(({ atMs }) => nowMs - atMs < DEATHS_WITHIN_MS)
      deaths.push({ atMs: nowMs, weight: SURE.includes(code) ? 1 : DOUBTFUL_DEATH })
      if (deaths.reduce((sum, { weight }) => sum + weight, 0) < MAX_DEATHS) return
      backend = 'wasm'
      endTrial()
      const decision: Decision = {
        backend,
        models: known?.models ?? options.samples().map(({ hash }) => hash).join(' '),
        reason: `wasm: webgpu (${adapterName(device!)}) was lost ${deaths.length} times`,
      }
      deaths = []
      void memory.keep(device!, decision)
      conclude(decision.reason)
      // Other slots may still be on the GPU; the dead one comes up on `use` by itself.
      void options.move()
    },
    stop() {
      stopped = done = true
      threads.stop()
      endTrial()
    },
  }
}

const inMs = (ms: number) => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`

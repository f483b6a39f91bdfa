/**
 * A volunteer: joins a coordinator, loads what it is asked to hold, runs batches, leaves cleanly.
 *
 * @module
 */
import type { Hello } from '../protocol/messages.ts'
import { createBackendChoice } from './backend/choice.ts'
import { createGrower } from './backend/grow.ts'
import { createMoves } from './backend/moves.ts'
import { systemClock } from './clock.ts'
import { helloOf } from './hello.ts'
import { type Identity, loadIdentity } from './identity.ts'
import { createLeaving, type Leaving } from './leaving.ts'
import { createLevers } from './levers.ts'
import {
  busiestOf,
  firstSlotsOf,
  limitsLine,
  limitsOf,
  mostSlotsOf,
  openModels,
  processorsOf,
  slotsLentOf,
} from './limits/node_limits.ts'
import { createBackoff } from './link/backoff.ts'
import { createLink, type Link } from './link/link.ts'
import { openWebSocket } from './link/transport.ts'
import { createMeasuring } from './measure/measuring.ts'
import { createSamples } from './measure/samples.ts'
import { createModelFetcher } from './models/fetch_model.ts'
import type { ModelStore } from './models/models.ts'
import type { NodeOptions, VolunteerNode } from './node_options.ts'
import { createPayloadStore } from './payloads.ts'
import { createServing } from './serving.ts'
import { createDecoding } from './slot/decoding.ts'
import { createPace } from './slot/pace.ts'
import { createSlotPool } from './slot/pool.ts'
import { createProcessors } from './slot/processors.ts'
import { createSlot } from './slot/slot.ts'
import { createWatch } from './state.ts'

export type { NodeOptions, VolunteerNode } from './node_options.ts'

/** Measuring keeps off this long after a batch or load: the next one is likely near. */
const QUIET_MS = 300

/**
 * @example
 * ```ts
 * const node = createNode({ host: createDenoHost(), url: 'http://127.0.0.1:8787' })
 * node.subscribe((event) => console.log(event.type))
 * await node.start()
 * ```
 */
export function createNode(options: NodeOptions): VolunteerNode {
  const { host } = options
  const clock = options.clock ?? systemClock
  const duty = options.duty ?? 1
  const base = new URL(options.url)
  const limits = limitsOf(options)
  const fixedSlots = options.slots !== undefined
  const slots = firstSlotsOf(options, limits)
  const watch = createWatch(slots, duty)
  const payloads = createPayloadStore()
  let models: ModelStore | undefined
  let identity: Identity | undefined
  let modelBase = ''

  const fetchModel = createModelFetcher({
    clock,
    watch,
    models: () => models,
    modelBase: () => modelBase,
    catalog: () => serving.catalog,
    send: (message) => void link.send(message),
  })
  const serving = createServing({
    ...{ clock, payloads, watch, limits, fetchModel },
    pool: () => pool,
    profiler: () => profiler,
    send: (message, blobs) => void link.send(message, blobs),
    drain: (reason) => void leaving.stop(reason),
    settled: () => leaving.settled(),
    restarted: (failure) => choice.died(failure),
  })

  const levers = createLevers({
    ...{ watch, duty, cold: options.cold === true },
    limit: (threads) => ({
      slots: slotsLentOf(options, limits, { ...choice.use, threads }),
      ...{ duty, threads: choice.use.backend === 'webgpu' ? 1 : choice.threads.lent },
    }),
    threads: () => choice.use.threads,
    moves: {
      get isMixed() {
        return moves.isMixed
      },
      useThreads: (count) => moves.useThreads(count),
    },
    pool: () => pool,
    grower: () => grower,
    send: (message) => void link.send(message),
  })
  const share = () => levers.share
  const pace = createPace(clock, share, () => !watch.state.paused && !leaving.begun)

  const { maxPixels } = limits
  const decoding = maxPixels === undefined ? {} : { decoding: createDecoding() }
  const processors = createProcessors(() => busiestOf(options))
  const pool = createSlotPool(slots, (events, isParked) =>
    createSlot({
      clock,
      ...{ ...decoding, processors },
      assets: { ...host.assets, ...maxPixels === undefined ? {} : { maxPixels } },
      createWorker: () => host.createWorker(),
      engine: () => choice.use,
      fetchModel,
      duty: share,
      mayMeasure: () => pace.may() && !isParked(),
      events,
    }), serving.events)

  const profiler = createMeasuring({
    ...{ clock, duty: share, host, watch },
    engine: () => choice.use,
    device: () => choice.device,
    catalog: () => serving.catalog,
    send: (message) => void link.send(message),
    measure(key, batch) {
      const slot = pool.serving.findLast((slot) => slot.idle && slot.holds(key))
      return slot?.measure(key, batch) ?? Promise.resolve(undefined)
    },
    holdOffMs() {
      if (options.measure === false || leaving.begun) return undefined
      if (watch.state.paused || !link.up || !pool.idle) return undefined
      const quietMs = clock.nowMs() - Math.max(pool.lastBatchMs, serving.lastLoadMs)
      return Math.max(0, QUIET_MS - quietMs)
    },
    async detour() {
      const grown = fixedSlots ? 'done' : await grower.run()
      if (grown !== 'done' || !pace.may()) return 'disturbed'
      if (!isTight()) return await choice.run()
      choice.hasNoRoom()
      return grown
    },
  })

  const samples = createSamples({ profiler, pool, catalog: () => serving.catalog })
  const choice = createBackendChoice({
    ...{ clock, pace, host, wishReason: options.backendReason },
    wish: options.backend ?? 'auto',
    gpu: options.gpu ?? true,
    threadsPerRun: options.threadsPerRun,
    processors: processorsOf(options),
    mostSlots: (use) => mostSlotsOf(options, limits, use),
    fixedSlots,
    slots: () => pool.serving,
    ...(options.readAdapter === undefined ? {} : { readAdapter: options.readAdapter }),
    samples: samples.quickestOfEachTask,
    heaviest: samples.heaviest,
    measure: (key) => pool.slot(0)?.measure(key, 1) ?? Promise.resolve(undefined),
    fetchModel,
    move: () => moves.move(),
    gained: (speedups) => void link.send({ type: 'report', speedups: [...speedups] }),
    decided({ backend, threads }, reason) {
      limits.runsOn({ backend, device: choice.device })
      link.send({ type: 'report', backend, backendReason: reason, threadsPerRun: threads })
      const change = { backend, reason, inUse: levers.inUse, unfit: limits.unfit }
      watch.emit({ type: 'backend', backend, reason }, change)
    },
  })

  /** Whether memory has no room for one more worker beside those that serve. */
  const isTight = () => options.memoryBytes !== undefined && limits.mostSlots <= pool.kept

  const moves = createMoves({
    ...{ pool, pace, profiler, grown, fixedSlots, isTight },
    choice: () => choice,
    grower: () => grower,
    serves: () => !leaving.begun,
  })

  function grown(slots: number): void {
    pool.keep(slots)
    limits.keep(slots)
    link.send({ type: 'report', slots })
    watch.emit({ type: 'slots', slots }, { slots, inUse: levers.inUse })
    levers.grown()
  }

  const grower = createGrower({
    ...{ clock, pace, pool },
    mostSlots: () => mostSlotsOf(options, limits, choice.use),
    again: () => profiler.detourAgain(),
    ...{ probe: samples.quickest, grown },
  })

  const link: Link = createLink({
    url: `${base.protocol === 'https:' ? 'wss:' : 'ws:'}//${base.host}/v1/link`,
    clock,
    open: options.open ?? host.openLink ?? openWebSocket,
    backoff: createBackoff({
      firstMs: options.retryMs?.first ?? 250,
      mostMs: options.retryMs?.most ?? 15_000,
      random: options.random ?? Math.random,
    }),
    hello,
    handlers: {
      welcome(welcome) {
        serving.lost()
        try {
          serving.welcome(welcome, knownModels)
          const line = limitsLine(limits)
          if (line !== undefined) watch.emit({ type: 'warning', message: line })
        } catch (error) {
          watch.emit({ type: 'warning', message: (error as Error).message })
        }
        modelBase = new URL(welcome.modelPath, base).href
        const change = { phase: 'joined', inUse: levers.inUse, unfit: limits.unfit } as const
        watch.emit({ type: 'joined', epoch: lastEpoch }, change)
        if (!fixedSlots && pool.kept > limits.mostSlots) grown(limits.mostSlots)
        else if (pool.serving.length < pool.kept) levers.grown()
        if (watch.state.paused) setPaused(true, watch.state.pausedBy)
        profiler.again()
        profiler.kick()
      },
      work(message, blobs) {
        if (message.type === 'scale') return void (leaving.begun || levers.scale(message))
        if (message.type === 'batch') choice.disturb()
        serving.work(message, blobs)
      },
      lost(reason, retryMs) {
        serving.lost()
        watch.emit({ type: 'lost', reason, retryMs }, { phase: 'reconnecting' })
      },
      refused(refusal) {
        watch.emit({ type: 'refused', refusal }, { refusal })
        serving.lost()
        leaving.refused(refusal)
      },
      warning: (message) => watch.emit({ type: 'warning', message }),
    },
  })
  let lastEpoch = 0
  let knownModels: string[] = []

  async function hello(): Promise<Hello> {
    levers.reset()
    lastEpoch = await identity!.nextEpoch()
    knownModels = await models!.cached()
    const { nodeId, secretFor } = identity!
    return helloOf(options, {
      ...{ nodeId, secret: await secretFor(base.hostname), epoch: lastEpoch, slots: pool.kept },
      ...{ duty, cached: knownModels, limits, choice },
    })
  }

  const leaving: Leaving = createLeaving({
    ...{ clock, watch, payloads, serving, pace, pool, profiler, choice, grower, link },
  })

  function setPaused(paused: boolean, reason?: string): void {
    // Who leaves has said that no more is to come.
    if (leaving.begun) return
    const pausedBy = paused ? reason ?? 'volunteer' : undefined
    link.send({ type: 'report', paused, ...(pausedBy === undefined ? {} : { pausedBy }) })
    const event = { type: 'paused', paused, ...(pausedBy && { reason: pausedBy }) } as const
    watch.emit(event, { paused, pausedBy })
    if (paused) choice.paused()
    serving.paused(paused)
    profiler.kick()
  }

  return {
    async start() {
      identity = await loadIdentity(host.storage)
      const warn = (message: string) => watch.emit({ type: 'warning', message })
      models = await openModels(options, limits, clock, warn)
      await choice.start()
      if (leaving.begun) return
      const { use: { backend }, reason } = choice
      limits.runsOn({ backend, device: choice.device })
      const { nodeId } = identity
      const change = { phase: 'connecting', nodeId, backend, reason, inUse: levers.inUse } as const
      watch.emit({ type: 'connecting', url: options.url }, change)
      // The worker comes up while the link does.
      if (options.cold !== true) pool.serving.forEach((slot) => slot.prepare())
      link.start()
    },
    stop: leaving.stop,
    pause: (reason) => setPaused(true, reason),
    resume: () => setPaused(false),
    setDownloads: (downloads) => void link.send(limits.setDownloads(downloads)),
    get state() {
      return watch.state
    },
    subscribe: watch.subscribe,
    left: leaving.left,
  }
}

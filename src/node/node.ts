/**
 * A volunteer: joins a coordinator, loads what it is asked to hold, runs batches, leaves cleanly.
 *
 * @module
 */
import type { Hello } from '../protocol/messages.ts'
import { PROTOCOL_VERSION } from '../protocol/messages.ts'
import { createBackoff } from './backoff.ts'
import { nameOf } from './catalog.ts'
import { type Clock, createSleeper, systemClock } from './clock.ts'
import type { InstanceSpec } from './engine/worker_api.ts'
import { createGrower } from './grow.ts'
import type { Host } from './host.ts'
import { type Identity, loadIdentity } from './identity.ts'
import { createLink, type Link, type Refusal } from './link.ts'
import { createModelStore, type ModelStore } from './models.ts'
import { createPayloadStore } from './payloads.ts'
import { createSlotPool } from './pool.ts'
import { createProfiler } from './profiler.ts'
import { createServing } from './serving.ts'
import { createSlot } from './slot.ts'
import { createWatch, type NodeEvent, type NodeState } from './state.ts'
import { type OpenTransport, openWebSocket } from './transport.ts'

export interface NodeOptions {
  host: Host
  /** The coordinator, `http:` or `https:`. */
  url: string
  name?: string
  token?: string
  /** A fixed number of slots; as many as prove worth it where absent. */
  slots?: number
  /** Most processors to keep busy. */
  threads?: number
  /** Share of the time a slot may work, 0.01 to 1. */
  duty?: number
  clock?: Clock
  random?: () => number
  open?: OpenTransport
  payloadBytes?: number
  /** First and longest wait before a lost link is tried again. */
  retryMs?: { first: number; most: number }
  /** Whether to measure while idle; figures from warming up are sent either way. */
  measure?: boolean
}

export interface VolunteerNode {
  /** Joins, and keeps joining again after each loss. */
  start(): Promise<void>
  /** Leaves: no new batch, the taken ones answered, bye. Resolves when all is closed. */
  stop(reason?: string): Promise<void>
  /** Takes no new work until `resume`; what is held stays. */
  pause(): void
  resume(): void
  readonly state: NodeState
  subscribe(listener: (event: NodeEvent, state: NodeState) => void): () => void
  /** Resolves when the node has left, with the refusal if that was why. */
  readonly left: Promise<Refusal | undefined>
}

/** Measuring keeps off this long after a batch or load: the next one is likely near. */
const QUIET_MS = 300
/** Longest wait for taken batches when leaving. */
const LEAVE_MS = 15_000
/** What a slot with a pipeline in it may take; bounds the number of slots. */
const SLOT_BYTES = 400 * 1024 * 1024
const PROGRESS_EVERY_MS = 500

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
  const mostSlots = options.slots ?? Math.max(
    1,
    Math.min(
      host.threads,
      options.threads ?? Infinity,
      Math.floor((host.memoryBytes ?? Infinity) / SLOT_BYTES),
    ),
  )
  const watch = createWatch(options.slots ?? 1)
  const payloads = createPayloadStore(options.payloadBytes)
  let models: ModelStore | undefined
  let identity: Identity | undefined
  let modelBase = ''
  let stopping: Promise<void> | undefined
  let onSettled = () => {}
  let finish: (refusal?: Refusal) => void = () => {}
  const left = new Promise<Refusal | undefined>((resolve) => finish = resolve)

  const serving = createServing({
    clock,
    payloads,
    watch,
    pool: () => pool,
    profiler: () => profiler,
    send: (message, blobs) => void link.send(message, blobs),
    drain: (reason) => void stop(reason),
    settled: () => onSettled(),
  })

  const pool = createSlotPool(options.slots ?? 1, (events) =>
    createSlot({
      clock,
      assets: host.assets,
      createWorker: () => host.createWorker(),
      fetchModel,
      duty,
      events,
    }), serving.events)

  const profiler = createProfiler({
    clock,
    duty,
    measure(key, batch) {
      const slot = pool.serving.findLast((slot) => slot.idle && slot.holds(key))
      return slot?.measure(key, batch) ?? Promise.resolve(undefined)
    },
    holdOffMs() {
      if (options.measure === false || stopping !== undefined) return undefined
      if (watch.state.paused || !link.up || !pool.idle) return undefined
      const quietMs = clock.nowMs() - Math.max(pool.lastBatchMs, serving.lastLoadMs)
      return Math.max(0, QUIET_MS - quietMs)
    },
    report(points) {
      const profile = Array.from(points, ([key, points]) => ({ ...nameOf(key), points }))
      link.send({ type: 'report', profile })
    },
    ...(options.slots === undefined ? { detour: () => grower.run() } : {}),
  })

  const grower = createGrower({
    clock,
    pool,
    mostSlots,
    again: () => profiler.detourAgain(),
    probe() {
      const quickest = profiler.byLatency().find(({ key }) => pool.slot(0)?.holds(key))
      return quickest && serving.catalog?.spec(nameOf(quickest.key))
    },
    grown(slots) {
      link.send({ type: 'report', slots })
      watch.emit({ type: 'slots', slots }, { slots })
    },
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
          serving.welcome(welcome)
        } catch (error) {
          watch.emit({ type: 'warning', message: (error as Error).message })
        }
        modelBase = new URL(welcome.modelPath, base).href
        watch.emit({ type: 'joined', epoch: lastEpoch }, { phase: 'joined' })
        if (watch.state.paused) link.send({ type: 'report', paused: true })
        profiler.again()
        profiler.kick()
      },
      work: serving.work,
      lost(reason, retryMs) {
        serving.lost()
        watch.emit({ type: 'lost', reason, retryMs }, { phase: 'reconnecting' })
      },
      refused(refusal) {
        watch.emit({ type: 'refused', refusal }, { refusal })
        serving.lost()
        end('refused', refusal)
      },
      warning: (message) => watch.emit({ type: 'warning', message }),
    },
  })
  let lastEpoch = 0

  async function hello(): Promise<Hello> {
    lastEpoch = await identity!.nextEpoch()
    const { name, token } = options
    return {
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      nodeId: identity!.nodeId,
      epoch: lastEpoch,
      runtime: host.runtime,
      backend: 'wasm',
      slots: pool.serving.length,
      duty,
      cached: await models!.cached(),
      ...(name === undefined ? {} : { name }),
      ...(token === undefined ? {} : { token }),
      ...(host.memoryBytes === undefined ? {} : { memoryBytes: host.memoryBytes }),
    }
  }

  function fetchModel({ hash, key }: InstanceSpec): Promise<Uint8Array> {
    const known = serving.catalog?.model(hash)
    if (known === undefined) return Promise.reject(new RangeError(`No model ${hash} for ${key}`))
    const startMs = clock.nowMs()
    let toldMs = startMs
    return models!.get(known.ref, modelBase, (done, total) => {
      const nowMs = clock.nowMs()
      if (nowMs - toldMs < PROGRESS_EVERY_MS && done < total) return
      toldMs = nowMs
      const progress = { label: known.label, done, total }
      link.send({ type: 'report', progress })
      watch.emit({ type: 'progress', ...progress, elapsedMs: nowMs - startMs })
    })
  }

  function end(reason: string, refusal?: Refusal): void {
    stopping ??= Promise.resolve()
    profiler.stop()
    grower.stop()
    pool.close()
    payloads.clear()
    watch.emit({ type: 'left', reason }, { phase: 'left', ready: [] })
    finish(refusal)
  }

  function stop(reason = 'leaving'): Promise<void> {
    stopping ??= leave(reason)
    return stopping
  }

  async function leave(reason: string): Promise<void> {
    watch.emit({ type: 'leaving', reason }, { phase: 'leaving' })
    profiler.stop()
    grower.stop()
    serving.leaving()
    if (link.up) {
      link.send({ type: 'report', paused: true })
      if (pool.batches > 0) {
        const sleeper = createSleeper(clock)
        onSettled = () => sleeper.wake()
        await sleeper.pause(LEAVE_MS)
      }
      link.send({ type: 'bye', reason: reason.slice(0, 200) })
    }
    await link.close()
    end(reason)
  }

  function setPaused(paused: boolean): void {
    link.send({ type: 'report', paused })
    watch.emit({ type: 'paused', paused }, { paused })
    profiler.kick()
  }

  return {
    async start() {
      identity = await loadIdentity(host.storage)
      models = createModelStore({
        clock,
        cache: await host.openCache(),
        onWarning: (message) => watch.emit({ type: 'warning', message }),
      })
      const { nodeId } = identity
      watch.emit({ type: 'connecting', url: options.url }, { phase: 'connecting', nodeId })
      // The worker comes up while the link does.
      pool.serving.forEach((slot) => slot.prepare())
      link.start()
    },
    stop,
    pause: () => setPaused(true),
    resume: () => setPaused(false),
    get state() {
      return watch.state
    },
    subscribe: watch.subscribe,
    left,
  }
}

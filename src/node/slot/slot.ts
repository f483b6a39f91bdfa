/**
 * A slot: one worker, one piece of work at a time; only batches that generate run together, and while
 * others load. Batches go before loads, loads before measuring.
 *
 * A worker that dies, hangs or whose engine breaks is replaced; what it held is loaded again.
 *
 * @module
 */
import { createSleeper } from '../clock.ts'
import type { Failure } from '../engine/answer.ts'
import type { InstanceSpec } from '../engine/worker_api.ts'
import { type BatchQueue, createBatchQueue, type SlotBatch } from './batch_queue.ts'
import { type FreshWorker, prepareRenewal } from './bring_up.ts'
import { createLoadQueue, type FetchedLoad } from './load_queue.ts'
import { createProbeSeat, MAX_PROBE_MS, type Probe } from './probe.ts'
import { createRest } from './rest.ts'
import { createRunning } from './running.ts'
import type { Slot, SlotOptions } from './types.ts'
import { createWorkerClient, type WorkerClient } from './worker_client.ts'

export type { Measured, Slot, SlotOptions } from './types.ts'

const INIT_MS = 60_000
/** With the one that runs: so many are sent ahead where the network takes longer than a batch. */
const MOST_BATCHES = 6
/** Deaths in a row, without a batch or load done in between, before the slot gives up loading. */
const MAX_DEATHS = 3

export function createSlot(options: SlotOptions): Slot {
  const { clock, events } = options
  const sleeper = createSleeper(clock)
  const maxLoadMs = options.maxLoadMs ?? 120_000
  /** What its present worker holds. */
  const loaded = new Map<string, InstanceSpec>()
  const toUnload: string[] = []
  /** What was being loaded when a worker was lost, and has not been loaded since. */
  const perilous = new Set<string>()
  const waiting: BatchQueue = createBatchQueue(clock, answerExpired)
  const loads = createLoadQueue({
    clock,
    fetchModel: options.fetchModel,
    onChange: () => void pump(),
    onFailed: noteLoadFailure,
  })
  const probes = createProbeSeat(() => void pump())
  const rest = createRest(clock, options.duty)
  const running = createRunning({
    ...options,
    held: (key) => loaded.get(key),
    closed: () => closed,
  })
  let client: WorkerClient | undefined
  let fresh: FreshWorker | undefined
  let wantWorker = false
  let pumping = false
  let loading = false
  let closed = false
  let deaths = 0
  let faults = 0

  function answerExpired(batch: SlotBatch): void {
    const elapsedMs = clock.nowMs() - batch.receivedMs
    events.expired(batch, { queueMs: elapsedMs, computeMs: 0, elapsedMs })
  }

  async function pump(): Promise<void> {
    if (pumping || closed) return
    pumping = true
    try {
      for (let work = nextWork(); work !== undefined && !closed; work = nextWork()) await work()
    } finally {
      pumping = false
    }
    if (!closed && idle()) events.idle()
  }

  function nextWork(): (() => Promise<void>) | undefined {
    if (!hasWork()) return undefined
    if (rest.leftMs > 0) return rest.pause
    if (fresh !== undefined) return isFree() ? takeOver : undefined
    if (client === undefined) return spawn
    for (let batch = nextBatch(); batch !== undefined; batch = nextBatch()) {
      const run = () => runBatch(batch)
      if (!running.generates(batch.key)) return run
      // Others may follow before it has ended.
      void run().then(pump)
    }
    const gone = toUnload.shift()
    if (gone !== undefined) return () => unloadNow(gone)
    const load = loads.take()
    if (load !== undefined) return () => loadNow(load)
    const probe = isFree() ? probes.take() : undefined
    return probe && (() => runProbe(probe))
  }

  const nextBatch = () => waiting.take(({ key }) => loaded.has(key), running.mayBegin)

  const hasWork = () =>
    (wantWorker && client === undefined) || fresh !== undefined ||
    waiting.length > 0 || loads.fetched > 0 || toUnload.length > 0 || probes.taken

  const isFree = () => running.all.length === 0
  const idle = () => isFree() && !loading && waiting.length + loads.fetched + loads.fetching === 0

  async function spawn(): Promise<void> {
    if (deaths > 0) await sleeper.pause(Math.min(250 * 4 ** (deaths - 1), 10_000))
    if (closed) return
    const mine = createWorkerClient(options.createWorker(), { ...options, onDeath })
    client = mine
    const answer = await mine.init(options.assets, options.engine(), INIT_MS)
    if (!answer.ok && mine.death === undefined) {
      mine.close()
      onDeath(answer)
    }
  }

  async function takeOver(): Promise<void> {
    const { client: next, held } = fresh!
    fresh = undefined
    if (next.death !== undefined) return
    client?.close()
    client = next
    faults = 0
    loaded.clear()
    for (const { spec } of held) if (!loads.isCurrent(spec)) await next.unload(spec.key)
    // It may have died of that, and with it all that it held.
    if (client !== next) return
    for (const { spec, warmed, loadMs } of held) {
      if (!loads.isCurrent(spec)) continue
      loaded.set(spec.key, spec)
      events.ready(spec, loadMs, warmed)
    }
    // What was loaded into the old worker meanwhile.
    loads.startOver((spec) => !loaded.has(spec.key))
  }

  function onDeath(failure: Failure): void {
    if (closed) return
    client = undefined
    wantWorker = false
    deaths++
    faults = 0
    loaded.clear()
    toUnload.length = 0
    probes.drop()
    waiting.drain().forEach((batch) => events.failed(batch, failure.message))
    events.restarted(failure)
    if (deaths >= MAX_DEATHS) {
      for (const spec of loads.clear()) events.loadFailed(spec, failure.message)
      deaths = 0
      return
    }
    loads.startOver()
  }

  /** Ends the worker where it stands: its engine is in doubt. */
  function replace(failure: Failure): void {
    client?.close()
    onDeath(failure)
  }

  async function runBatch(batch: SlotBatch): Promise<void> {
    const mine = client!
    const { workedMs, failure, isFault } = await running.run(batch, mine)
    if (closed) return
    rest.after(workedMs)
    if (failure === undefined) deaths = faults = 0
    if (failure === undefined || client !== mine) return
    // One failed run may be the batch's fault; a second in a row is the engine's.
    if (failure.code === 'broken' || (isFault && ++faults >= 2)) replace(failure)
  }

  async function loadNow({ spec, bytes, fetchMs }: FetchedLoad): Promise<void> {
    if (!loads.isCurrent(spec)) return
    if (isHeld(spec)) return events.ready(spec, fetchMs)
    loading = true
    const fromMs = clock.nowMs()
    const worker = client!
    const needs = await worker.needs(spec.hash)
    const answer = needs.ok
      ? await worker.load(spec, needs.value ? bytes : undefined, maxLoadMs)
      : needs
    loading = false
    if (closed) return
    if (answer.ok) {
      deaths = 0
      perilous.delete(spec.key)
      // Given up meanwhile: its unloading comes next.
      if (!loads.isCurrent(spec)) return
      loaded.set(spec.key, spec)
      return events.ready(spec, fetchMs + clock.nowMs() - fromMs, answer.value)
    }
    const isLost = worker.death !== undefined || answer.code === 'broken'
    // Not each worker that is lost is lost through what it was loading: once more, in the next one.
    const again = isLost && loads.isCurrent(spec) && !perilous.has(spec.key)
    if (again) perilous.add(spec.key)
    else if (loads.isCurrent(spec)) {
      loads.drop(spec.key)
      noteLoadFailure(spec, answer.message)
    }
    if (isLost && client === worker) replace(answer)
  }

  function noteLoadFailure(spec: InstanceSpec, message: string): void {
    perilous.delete(spec.key)
    waiting.drain(({ key }) => key === spec.key && !loaded.has(key))
      .forEach((batch) => events.failed(batch, message))
    events.loadFailed(spec, message)
  }

  async function unloadNow(key: string): Promise<void> {
    if (!loads.wants(key)) await client!.unload(key)
  }

  async function runProbe({ key, batch, done }: Probe): Promise<void> {
    if (options.mayMeasure?.() === false) return done(undefined)
    const answer = await client!.measure(key, batch, MAX_PROBE_MS)
    done(answer.ok ? answer.value : undefined)
  }

  const isHeld = (spec: InstanceSpec) =>
    JSON.stringify(loaded.get(spec.key)) === JSON.stringify(spec)

  return {
    offer(batch) {
      if (!loads.wants(batch.key)) return 'not_held'
      // One that was called off ends by itself: whoever called it off may have reckoned without it.
      if (waiting.length + (running.busy ? 1 : 0) >= MOST_BATCHES) return 'full'
      probes.drop()
      waiting.add(batch)
      pump()
      return 'taken'
    },
    cancel: (batch) => !waiting.remove(batch) && running.cancel(batch) ? 'runs' : 'dropped',
    load(spec) {
      const held = isHeld(spec)
      if (!held) loaded.delete(spec.key)
      perilous.delete(spec.key)
      loads.want(spec, !held)
      if (held) events.ready(spec, 0)
    },
    unload(key) {
      if (!loads.drop(key)) return
      loaded.delete(key)
      waiting.drain((batch) => batch.key === key)
        .forEach((batch) => events.failed(batch, `${key} was unloaded`))
      toUnload.push(key)
      pump()
    },
    prepare() {
      wantWorker = true
      pump()
    },
    renew: () =>
      prepareRenewal(
        { ...options, maxLoadMs, engine: options.engine(), specs: [...loaded.values()] },
        {
          closed: () => closed,
          died(mine, failure) {
            if (client === mine) onDeath(failure)
          },
          commit(next) {
            fresh?.client.close()
            fresh = next
            pump()
          },
        },
      ),
    measure(key, batch) {
      if (closed || !loaded.has(key) || !idle()) return Promise.resolve(undefined)
      return probes.ask(key, batch)
    },
    holds: (key) => loaded.has(key),
    threads: () => (fresh?.client ?? client)?.threads,
    get idle() {
      return idle()
    },
    get lastBatchMs() {
      return rest.lastMs
    },
    recount() {
      rest.recount()
      running.recount()
    },
    park() {
      probes.drop()
      return isFree() && waiting.length === 0
    },
    close(why) {
      closed = true
      sleeper.wake()
      rest.recount()
      probes.drop()
      const left = [...running.all, ...waiting.drain()]
      if (why !== undefined) left.forEach((batch) => events.failed(batch, why))
      client?.close()
      fresh?.client.close()
    },
  }
}

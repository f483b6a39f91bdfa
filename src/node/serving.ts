/**
 * What the coordinator asks for, given to the slots; what the slots say, told to the coordinator.
 *
 * @module
 */
import { GENERATE } from '../pipeline/generate.ts'
import type { NodeMessage, Welcome } from '../protocol/messages.ts'
import { clip } from './batch_items.ts'
import type { Clock } from './clock.ts'
import type { Failure } from './engine/answer.ts'
import type { InstanceSpec } from './engine/worker_api.ts'
import { createFlights } from './flights.ts'
import { createHandOver } from './hand_over.ts'
import type { HoldLimits, LoadRefusal } from './limits/hold_limits.ts'
import type { WorkMessage } from './link/link.ts'
import type { Profiler } from './measure/profiler.ts'
import { createAskedFor } from './models/asked_for.ts'
import { type Catalog, createCatalog, keyOf, nameOf, type VariantName } from './models/catalog.ts'
import { createBesideModel } from './models/beside_model.ts'
import type { PayloadStore } from './payloads.ts'
import type { PoolEvents, SlotPool } from './slot/pool.ts'
import type { Watch } from './state.ts'

export interface ServingOptions {
  clock: Clock
  payloads: PayloadStore
  watch: Watch
  limits: HoldLimits
  /** Asked at each use: they come into being together. */
  pool(): SlotPool
  profiler(): Profiler
  send(message: NodeMessage, blobs?: readonly Uint8Array[]): void
  /** The bytes of a spec's hash. */
  fetchModel(spec: InstanceSpec): Promise<Uint8Array>
  /** The coordinator wants this node to leave. */
  drain(reason: string): void
  /** Nobody waits for a batch any more. */
  settled(): void
  /** A slot lost its worker. */
  restarted(failure: Failure): void
}

export interface Serving {
  /**
   * A new connection: what was under way on the last one is forgotten.
   *
   * @param cached hashes of models that need no download
   */
  welcome(welcome: Welcome, cached: readonly string[]): void
  /** The connection is gone: nobody waits for what runs. */
  lost(): void
  work(message: WorkMessage, blobs: Uint8Array[]): void
  /** No batch is to come for a while, and what runs is to end soon; or that is over. */
  paused(paused: boolean): void
  /** From now on batches are turned away. */
  leaving(): void
  /** Somebody waits for a batch; not for one that was called off, or whose connection is gone. */
  readonly owes: boolean
  readonly catalog: Catalog | undefined
  /** When a load ended last, on the node's clock. */
  readonly lastLoadMs: number
  readonly events: PoolEvents
}

export function createServing(options: ServingOptions): Serving {
  const { clock, payloads, watch, limits, send } = options
  const generates = (key: string) => kindOf(key) === GENERATE
  const flights = createFlights({
    ...options,
    generates,
    settled() {
      noteEnding()
      options.settled()
    },
  })
  const handOver = createHandOver(clock, () => flights.handOver('The volunteer needs the device'))
  const beside = createBesideModel(options.fetchModel)
  const askedFor = createAskedFor()
  let catalog: Catalog | undefined
  let lastLoadMs = -Infinity
  /** What runs is to end soon. */
  let ending = false

  const noteEnding = () => ending && flights.size > 0 ? handOver.soon() : handOver.not()

  function kindOf(key: string): string | undefined {
    const { pipeline, task } = nameOf(key)
    return catalog?.pipelines.find(({ name }) => name === pipeline)?.tasks[task]?.kind
  }

  function load(slot: number, name: VariantName): void {
    try {
      const spec = catalog?.spec(name)
      const found = options.pool().warm(slot)
      if (spec === undefined || found === undefined) throw new RangeError(`No slot ${slot} here`)
      watch.emit({ type: 'loading', slot, variant: spec.key })
      const taken = limits.take(slot, spec.key)
      if ('refusal' in taken) return refuse(slot, name, taken.refusal)
      taken.unload.forEach((key) => unload(slot, key))
      askedFor.note(spec)
      beside.bring(`${slot} ${spec.key}`, spec, found.load, (error) => {
        limits.free(slot, spec.key)
        failLoad(slot, name, error)
      })
    } catch (error) {
      failLoad(slot, name, error as Error)
    }
  }

  const failLoad = (slot: number, name: VariantName, { message }: Error) =>
    refuse(slot, name, { message })

  function refuse(slot: number, name: VariantName, { reason, message }: LoadRefusal): void {
    const known = reason === undefined ? {} : { reason }
    const key = keyOf(name)
    send({ type: 'load_failed', slot, message: clip(message), ...known, ...nameOf(key) })
    watch.emit({ type: 'load_failed', slot, variant: key, message })
  }

  function unload(slot: number, key: string): void {
    beside.drop(`${slot} ${key}`)
    options.pool().warm(slot)?.unload(key)
    limits.free(slot, key)
    const ready = watch.state.ready.filter((held) => held !== `${slot} ${key}`)
    watch.emit({ type: 'unloaded', slot, variant: key }, { ready })
    if (options.pool().all.some((other) => other.holds(key))) return
    options.profiler().remove(key)
    askedFor.forget(key)
  }

  function work(message: WorkMessage, blobs: Uint8Array[]): void {
    switch (message.type) {
      case 'batch':
        flights.take(message, blobs)
        return noteEnding()
      case 'cancel':
        return flights.cancel(message.batch)
      case 'release':
        return payloads.release(message.keys)
      case 'served':
        return renew(message)
      case 'load':
        return message.instances.forEach((instance) => load(instance.slot, instance))
      case 'unload':
        return message.instances.forEach(({ slot, ...name }) => unload(slot, keyOf(name)))
      case 'drain':
        return message.rejoin === true ? undefined : options.drain(message.reason)
    }
  }

  function renew(message: Extract<WorkMessage, { type: 'served' }>): void {
    try {
      catalog = createCatalog(message)
      limits.served(message.models, catalog.pipelines)
      watch.emit({ type: 'served' }, { unfit: limits.unfit })
    } catch (error) {
      watch.emit({ type: 'warning', message: (error as Error).message })
    }
  }

  const events: PoolEvents = {
    ready(slot, { key, variant, code }, loadMs, warmed) {
      lastLoadMs = clock.nowMs()
      const fallback = warmed?.fallback
      const instead = fallback && { backend: 'wasm', backendReason: `wasm: ${fallback}` } as const
      send({ type: 'ready', slot, loadMs: Math.max(0, loadMs), ...nameOf(key), ...instead })
      // A program that runs no model shows in its batches how long it takes, and nowhere else.
      const measures = code === undefined || warmed?.warmMs !== 0
      if (measures) options.profiler().add(key, warmed?.warmMs, variant.referenceMs)
      const held = `${slot} ${key}`
      const ready = [...watch.state.ready.filter((other) => other !== held), held]
      watch.emit({ type: 'ready', slot, variant: key, loadMs }, { ready })
    },
    loadFailed(slot, { key }, why) {
      const message = clip(why)
      limits.free(slot, key)
      send({ type: 'load_failed', slot, message, ...nameOf(key) })
      const ready = watch.state.ready.filter((held) => held !== `${slot} ${key}`)
      watch.emit({ type: 'load_failed', slot, variant: key, message }, { ready })
    },
    said: (_slot, batch, said) => flights.said(batch, said),
    done(_slot, batch, results, times) {
      flights.done(batch, results, times)
      const items = results.length
      // What a batch of it takes depends on the others that ran, and on what was asked.
      if (!generates(batch.key)) options.profiler().ran(batch.key, items, times.computeMs)
      const { batches, items: before, busyMs } = watch.state
      watch.emit(
        { type: 'batch', variant: batch.key, items, computeMs: times.computeMs },
        { batches: batches + 1, items: before + items, busyMs: busyMs + times.computeMs },
      )
    },
    expired: (_slot, batch, times) => flights.expired(batch, times),
    failed: (_slot, batch, why) => flights.failed(batch, why),
    calledOff: (_slot, batch, ended) => flights.calledOff(batch, ended),
    restarted(slot, failure) {
      const ready = watch.state.ready.filter((held) => !held.startsWith(`${slot} `))
      watch.emit({ type: 'restarted', slot, message: failure.message }, { ready })
      options.restarted(failure)
    },
    idle: () => options.profiler().kick(),
  }

  return {
    welcome(welcome, cached) {
      catalog = createCatalog(welcome)
      limits.welcome(welcome, catalog.pipelines, cached)
      // Neither memory nor figures are those of the model that has its name now.
      for (const key of askedFor.changed(catalog)) {
        options.pool().all.forEach((_, slot) => unload(slot, key))
        options.profiler().remove(key)
      }
    },
    lost() {
      flights.lost()
      payloads.clear()
    },
    work,
    paused(paused) {
      ending = paused
      noteEnding()
    },
    leaving() {
      flights.turnAway()
      ending = true
      noteEnding()
    },
    get owes() {
      return flights.size > 0
    },
    get catalog() {
      return catalog
    },
    get lastLoadMs() {
      return lastLoadMs
    },
    events,
  }
}

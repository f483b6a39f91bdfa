/**
 * What the coordinator asks for, given to the slots; what the slots say, told to the coordinator.
 *
 * @module
 */
import type { BatchMessage, NodeMessage, Welcome } from '../protocol/messages.ts'
import type { ItemResult } from '../stages/types.ts'
import { type BatchItems, clip, expiredOf, itemsOf, resultOf } from './batch_items.ts'
import type { Clock } from './clock.ts'
import type { Failure } from './engine/answer.ts'
import type { InstanceSpec } from './engine/worker_api.ts'
import type { HoldLimits, LoadRefusal } from './limits/hold_limits.ts'
import type { WorkMessage } from './link/link.ts'
import type { Profiler } from './measure/profiler.ts'
import { createAskedFor } from './models/asked_for.ts'
import { type Catalog, createCatalog, keyOf, nameOf, type VariantName } from './models/catalog.ts'
import { createBesideModel } from './models/beside_model.ts'
import type { PayloadStore } from './payloads.ts'
import type { SlotBatch } from './slot/batch_queue.ts'
import type { BatchTimes } from './slot/events.ts'
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
  /** From now on batches are turned away. */
  leaving(): void
  /** Somebody waits for a batch; not for one that was called off, or whose connection is gone. */
  readonly owes: boolean
  readonly catalog: Catalog | undefined
  /** When a load ended last, on the node's clock. */
  readonly lastLoadMs: number
  readonly events: PoolEvents
}

interface Flight {
  slot: number
  found: BatchItems
}

export function createServing(options: ServingOptions): Serving {
  const { clock, payloads, watch, limits, send } = options
  const flights = new Map<SlotBatch, Flight>()
  /** Called off, and still running: that they have ended is told. */
  const calledOff = new Set<SlotBatch>()
  const beside = createBesideModel(options.fetchModel)
  const askedFor = createAskedFor()
  let catalog: Catalog | undefined
  let lastLoadMs = -Infinity
  let turnAway = false

  function takeBatch(message: BatchMessage, blobs: Uint8Array[]): void {
    const receivedMs = clock.nowMs()
    const { batch, slot } = message
    const found = itemsOf(message, blobs, payloads)
    payloads.release(message.release ?? [])
    const fail = (why: string) => send({ type: 'batch_failed', batch, message: why })
    if (turnAway) return fail('The node is leaving')
    if (found.items.length === 0) {
      const elapsedMs = clock.nowMs() - receivedMs
      const times = { queueMs: 0, computeMs: 0, elapsedMs }
      return send(resultOf(batch, found, [], times, payloads).message)
    }
    const taken: SlotBatch = {
      batch,
      key: `${message.pipeline}/${message.task}/${message.variant}`,
      items: found.items,
      crops: message.crops,
      receivedMs,
      expiresMs: receivedMs + message.remainingMs,
      giveUpMs: message.giveUpMs,
    }
    flights.set(taken, { slot, found })
    const answer = options.pool().slot(slot)?.offer(taken) ?? 'no_slot'
    if (answer === 'taken') return
    flights.delete(taken)
    fail(
      answer === 'full'
        ? `Slot ${slot} has as many batches waiting as it takes`
        : answer === 'not_held'
        ? `Slot ${slot} does not hold ${taken.key}`
        : `There is no slot ${slot}`,
    )
  }

  function cancel(number: number): void {
    for (const [batch, { slot }] of flights) {
      if (batch.batch !== number) continue
      flights.delete(batch)
      if (options.pool().warm(slot)?.cancel(number) === 'runs') calledOff.add(batch)
    }
    if (flights.size === 0) options.settled()
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
        return takeBatch(message, blobs)
      case 'cancel':
        return cancel(message.batch)
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

  /** Ends a flight; nothing where it was cancelled or belongs to a connection that is gone. */
  function land(batch: SlotBatch): Flight | undefined {
    const flight = flights.get(batch)
    flights.delete(batch)
    return flight
  }

  function answer(batch: number, flight: Flight, results: ItemResult[], times: BatchTimes): void {
    try {
      const { message, blobs } = resultOf(batch, flight.found, results, times, payloads)
      send(message, blobs)
    } catch (error) {
      // A program of a pipeline's author may hand over what is no result, or one too large.
      send({ type: 'batch_failed', batch, message: clip((error as Error).message) })
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
    done(_slot, batch, results, times) {
      const flight = land(batch)
      if (flight !== undefined) answer(batch.batch, flight, results, times)
      const items = results.length
      options.profiler().ran(batch.key, items, times.computeMs)
      const { batches, items: before, busyMs } = watch.state
      watch.emit(
        { type: 'batch', variant: batch.key, items, computeMs: times.computeMs },
        { batches: batches + 1, items: before + items, busyMs: busyMs + times.computeMs },
      )
      if (flights.size === 0) options.settled()
    },
    expired(_slot, batch, times) {
      const flight = land(batch)
      if (flight !== undefined) send(expiredOf(batch.batch, flight.found.size, times))
      if (flights.size === 0) options.settled()
    },
    failed(_slot, batch, why) {
      if (land(batch) !== undefined) {
        send({ type: 'batch_failed', batch: batch.batch, message: clip(why) })
      }
      if (flights.size === 0) options.settled()
    },
    calledOff(_slot, batch, computeMs) {
      // A slot whose worker was lost is not free before the next one is up.
      if (!calledOff.delete(batch) || computeMs === undefined) return
      send({ type: 'batch_failed', batch: batch.batch, message: 'Called off', computeMs })
    },
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
      for (const [{ batch }, { slot }] of flights) options.pool().warm(slot)?.cancel(batch)
      flights.clear()
      calledOff.clear()
      payloads.clear()
      options.settled()
    },
    work,
    leaving() {
      turnAway = true
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

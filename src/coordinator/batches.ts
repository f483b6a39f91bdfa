/**
 * Batches on the links: from the scheduler's command to a frame, and from a node's result to
 * outcomes. Here alone payload bytes and opaque handles meet.
 *
 * @module
 */
import type { Pipeline } from '../pipeline/schema.ts'
import { elementsOf, isTensorType, TENSOR_TYPES } from '../pipeline/tensor.ts'
import { TensorValue } from '../pipeline/tensor_item.ts'
import { taskOf } from '../pipeline/tree.ts'
import { createTable } from '../policy/core/table.ts'
import type { BatchId, Handle, ItemOutcome, QueryId } from '../policy/core/types.ts'
import type { BatchMessage, Received, ResultMessage } from '../protocol/mod.ts'
import type { BatchWatch, Dispatch } from './batch_watch.ts'
import { createCalledOff } from './called_off.ts'
import type { Post } from './driver.ts'
import { fitting } from './fitting.ts'
import { createHolding, namedOf, sizeOf } from './holding.ts'
import type { Link } from './link.ts'
import type { Telemetry } from './metrics/telemetry.ts'
import { backendOf, type PooledNode } from './nodes.ts'
import type { Payload, Result } from './payload.ts'

export type { Dispatch } from './batch_watch.ts'

interface Flight {
  command: Dispatch
  /** Items at the end of the batch that its message had no room for. */
  unsent: number
  node: PooledNode
  crops: BatchMessage['crops']
  sentAtMs: number
  bytes: number
}

export function createBatches(
  pipelines: ReadonlyMap<string, Pipeline>,
  post: Post,
  now: () => number,
  isLive: (query: QueryId) => boolean,
  telemetry: Pick<Telemetry, 'batch' | 'batchFailed'>,
  watch?: BatchWatch,
) {
  const flights = createTable<BatchId, Flight>()
  const calledOff = createCalledOff(post)
  const holding = createHolding(isLive)
  /** Copies that nodes keep for a query, to be let go with it. */
  const kept = createTable<QueryId, Payload[]>()

  function toOutcome(
    flight: Flight,
    item: ResultMessage['items'][number],
    index: number,
    blobs: readonly Uint8Array[],
  ): ItemOutcome {
    const dispatched = flight.command.items[index]
    if (!item.ok) {
      const { kept } = dispatched?.payload as Payload
      if (item.reason === 'missing' && kept?.link === flight.node.link) {
        // The node let its copy go, as it may: the bytes are here, so the next try carries them.
        delete (dispatched?.payload as Payload).kept
        const { message } = item
        return { ok: false, fatal: false, reason: 'node_failed', message, excused: true }
      }
      const fatal = item.reason === 'invalid_input' || item.reason === 'too_large'
      const reason = fatal
        ? item.reason as 'invalid_input'
        : item.reason === 'expired'
        ? 'deadline_exceeded'
        : 'node_failed'
      return { ok: false, fatal, reason, message: item.message }
    }
    const children: { [task: string]: Handle[] } = {}
    const { next } = taskOf(pipelineOf(flight), flight.command.task)
    for (const [task, list] of Object.entries(item.children)) {
      if (!next.includes(task)) throw new RangeError(`Cannot hand items to ${task}: no such child`)
      children[task] = list.map(({ meta, blob, key }) => {
        const bytes = blobs[blob]
        if (bytes === undefined) throw new RangeError(`Cannot find blob ${blob} of ${blobs.length}`)
        const payload: Payload = { meta, bytes, asked: flight.crops }
        // It may be the picture itself, handed on as it is.
        const { pixels } = (dispatched?.payload ?? {}) as Partial<Payload>
        if (pixels !== undefined && meta['type'] !== undefined) payload.pixels = pixels
        if (key !== undefined && dispatched !== undefined && isLive(dispatched.query)) {
          payload.kept = { link: flight.node.link, key }
          const list = kept.get(dispatched.query)
          if (list === undefined) kept.set(dispatched.query, [payload])
          else list.push(payload)
        }
        return payload
      })
    }
    return { ok: true, result: resultOf(item, blobs), children }
  }

  function pipelineOf({ command }: Flight): Pipeline {
    const pipeline = pipelines.get(command.pipeline)
    if (pipeline === undefined) throw new RangeError(`Cannot find pipeline ${command.pipeline}`)
    return pipeline
  }

  /** What a node keeps of work that no query waits for is of no use to anybody. */
  function letGo(node: PooledNode, { items }: Dispatch, message: ResultMessage) {
    const keys = message.items.flatMap((item, i) =>
      !item.ok || items[i]?.query !== ''
        ? []
        : Object.values(item.children).flatMap((list) => list.flatMap(({ key }) => key ?? []))
    )
    if (keys.length > 0) node.link.send({ type: 'release', keys })
  }

  function lost({ command }: Flight) {
    telemetry.batchFailed(command.pipeline)
    watch?.failed(command)
  }

  /** The node hears of it. False where that is over already. */
  function callOff({ command: { batch }, node }: Flight): boolean {
    if (!flights.delete(batch)) return false
    calledOff.add(batch, node)
    node.link.send({ type: 'cancel', batch })
    return true
  }

  return {
    dispatch(whole: Dispatch, node: PooledNode) {
      const sent = fitting(whole.items)
      const unsent = whole.items.length - sent.length
      const command = unsent === 0 ? whole : { ...whole, items: sent }
      const blobs: Uint8Array[] = []
      const items = sent.map(({ payload }) => {
        const { meta, bytes, kept } = payload as Payload
        if (kept?.link === node.link) return { meta, payload: { key: kept.key } }
        blobs.push(bytes)
        return { meta, payload: { blob: blobs.length - 1 } }
      })
      const sentAtMs = now()
      const crops = cropsOf(command) ?? node.crops.choose(node.link.roundTripMs)
      const message: BatchMessage = {
        type: 'batch',
        batch: command.batch,
        slot: command.slot,
        pipeline: command.pipeline,
        task: command.task,
        variant: command.variant,
        remainingMs: Math.max(0, command.deadlineMs - sentAtMs),
        giveUpMs: Math.max(0, command.giveUpMs),
        crops,
        items,
      }
      const bytes = bytesIn(blobs)
      flights.set(command.batch, { command, unsent, node, crops, sentAtMs, bytes })
      watch?.sent(command, node, sentAtMs)
      node.link.send(message, blobs)
    },

    /** The scheduler wants no more of it than to hear when it has ended. */
    cancel(batch: BatchId) {
      const flight = flights.get(batch)
      if (flight !== undefined) callOff(flight)
    },

    finished(node: PooledNode, { message, blobs, bytes = 0 }: Received<ResultMessage>) {
      // It crossed the word that nobody wants it.
      const ranMs = message.items.some(({ ok }) => ok) ? message.computeMs : undefined
      if (calledOff.ended(message.batch, node, ranMs)) return
      const flight = flights.get(message.batch)
      if (flight === undefined || flight.node !== node) return
      flights.delete(message.batch)
      const networkMs = Math.max(0, now() - flight.sentAtMs - message.elapsedMs)
      const blobBytes = bytesIn(blobs)
      node.crops.observe(flight.bytes + blobBytes, networkMs - (node.link.roundTripMs ?? 0))
      let outcomes: ItemOutcome[]
      try {
        if (message.items.length !== flight.command.items.length) {
          throw new RangeError(
            `Cannot match ${message.items.length} results to ${flight.command.items.length} items`,
          )
        }
        const own = namedOf(message, blobs)
        outcomes = message.items.map((item, i) => toOutcome(flight, item, i, own))
        for (let i = 0; i < flight.unsent; i++) outcomes.push(UNSENT)
        const size = sizeOf(bytes - blobBytes, bytesIn(own))
        holding.hold(flight.command.items.map(({ query }) => query), size)
      } catch (error) {
        const { message: why } = error as Error
        lost(flight)
        return post({ type: 'batch_failed', batch: flight.command.batch, message: why })
      }
      const { computeMs, queueMs } = message
      watch?.finished(flight.command, outcomes, { computeMs, queueMs, networkMs })
      const { pipeline, task, items } = flight.command
      // What no query waits for is counted apart.
      if (items[0]?.query !== '') {
        telemetry.batch(pipeline, task, items.length, message.computeMs, networkMs)
      }
      post({
        type: 'batch_finished',
        batch: message.batch,
        outcomes,
        computeMs: message.computeMs,
        nodeQueueMs: message.queueMs,
        networkMs,
        backend: backendOf(node, flight.command),
      })
      letGo(node, flight.command, message)
    },

    calledOffEnded: calledOff.ended,

    /** What results take that wait for the rest of their queries. */
    get heldBytes() {
      return holding.bytes
    },

    failed(node: PooledNode, batch: BatchId, message: string) {
      const flight = flights.get(batch)
      if (flight === undefined || flight.node !== node) return
      flights.delete(batch)
      lost(flight)
      post({ type: 'batch_failed', batch, message })
    },

    /** Has what runs on a node done elsewhere. */
    abandon(node: PooledNode, message: string) {
      for (const flight of flights.values()) {
        if (flight.node !== node || !callOff(flight)) continue
        lost(flight)
        post({ type: 'batch_failed', batch: flight.command.batch, message })
      }
    },

    /** Batches sent to a node and not answered. */
    countOn(node: PooledNode): number {
      let count = 0
      for (const flight of flights.values()) if (flight.node === node) count++
      return count
    },

    /** Forgets what was under way on a node that left. */
    left(node: PooledNode) {
      calledOff.left(node)
      for (const flight of flights.values()) {
        if (flight.node === node && flights.delete(flight.command.batch)) lost(flight)
      }
    },

    /** Lets go of the copies that nodes keep for a query that ended. */
    release(query: QueryId) {
      const byLink = new Map<Link, string[]>()
      for (const payload of kept.get(query) ?? []) {
        const copy = payload.kept
        // It may be asked about later, as a question of known answer.
        delete payload.kept
        if (!copy?.link.open) continue
        const keys = byLink.get(copy.link)
        if (keys === undefined) byLink.set(copy.link, [copy.key])
        else keys.push(copy.key)
      }
      kept.delete(query)
      holding.release(query)
      for (const [link, keys] of byLink) link.send({ type: 'release', keys })
    },
  }
}

const UNSENT: ItemOutcome = {
  ...{ ok: false, fatal: false, reason: 'node_failed', excused: true },
  message: 'Cannot send an item: the others of its batch fill a message',
}

type Done = Extract<ResultMessage['items'][number], { ok: true }>

const bytesIn = (blobs: readonly Uint8Array[]): number =>
  blobs.reduce((sum, blob) => sum + blob.byteLength, 0)

/** Fields and tensors of an item, by their names. @throws RangeError for tensors that are none */
function resultOf({ fields, tensors }: Done, blobs: readonly Uint8Array[]): Result {
  if (tensors === undefined) return fields
  const result: NonNullable<Result> = { ...fields }
  for (const [name, { type, dims, blob }] of Object.entries(tensors)) {
    const bytes = blobs[blob]
    if (!isTensorType(type) || bytes?.byteLength !== elementsOf(dims) * TENSOR_TYPES[type].bytes) {
      throw new RangeError(`Cannot use tensor ${name}: received ${bytes?.byteLength} bytes`)
    }
    result[name] = new TensorValue(type, dims, bytes)
  }
  return result
}

/** Results of one input are compared: crops are asked for as they were the first time. */
function cropsOf({ like }: Dispatch): BatchMessage['crops'] | undefined {
  for (const outcome of like ?? []) {
    if (!outcome.ok) continue
    for (const child of Object.values(outcome.children).flat()) return (child as Payload).asked
  }
  return undefined
}

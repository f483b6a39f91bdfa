/**
 * Batches on the links: from the scheduler's command to a frame, and from a node's result to
 * outcomes. Only this file knows both payload bytes and opaque handles.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import { taskOf } from '../../pipeline/tree.ts'
import { createTable } from '../../policy/core/table.ts'
import type { BatchId, ItemOutcome, QueryId } from '../../policy/core/types.ts'
import type { BatchMessage, Received, ResultMessage } from '../../protocol/mod.ts'
import type { Link } from '../nodes/link.ts'
import { backendOf, type PooledNode } from '../nodes/nodes.ts'
import type { Payload } from '../nodes/payload.ts'
import type { Telemetry } from '../observe/metrics/telemetry.ts'
import type { BatchWatch } from '../observe/watch.ts'
import type { Dispatch, Post } from '../scheduler/driver.ts'
import { createCancelled } from './cancelled.ts'
import { fitting } from './fitting.ts'
import { createHolding, namedOf, sizeOf } from './holding.ts'
import { toOutcome } from './outcome.ts'
import type { Streams } from './streams.ts'

export type { Dispatch } from '../scheduler/driver.ts'

interface Flight {
  command: Dispatch
  /** Number of items at the end of the batch that its message had no room for. */
  unsent: number
  node: PooledNode
  crops: BatchMessage['crops']
  sentAtMs: number
  bytes: number
}

/** Called when a node gave up the document of a query after `tookMs`. */
export type GaveUp = (query: QueryId, message: string, tookMs: number) => void

export function createBatches(
  pipelines: ReadonlyMap<string, Pipeline>,
  post: Post,
  now: () => number,
  isLive: (query: QueryId) => boolean,
  telemetry: Pick<Telemetry, 'batch' | 'batchFailed'>,
  streams: Streams,
  { watch, gaveUp }: { watch?: BatchWatch | undefined; gaveUp?: GaveUp } = {},
) {
  const flights = createTable<BatchId, Flight>()
  const cancelled = createCancelled(post)
  const holding = createHolding(isLive)
  /** Payloads of which nodes keep copies until their query ends. */
  const kept = createTable<QueryId, Payload[]>()

  /** Notes that a node keeps a copy of a payload until its query ends. */
  function keep(query: QueryId, payload: Payload, link: Link, key: string): void {
    if (!isLive(query)) return
    payload.kept = { link, key }
    const list = kept.get(query)
    if (list === undefined) kept.set(query, [payload])
    else list.push(payload)
  }

  function pipelineOf({ command }: Flight): Pipeline {
    const pipeline = pipelines.get(command.pipeline)
    if (pipeline === undefined) throw new RangeError(`Cannot find pipeline ${command.pipeline}`)
    return pipeline
  }

  /** Has a node drop copies that it keeps of work without a query. */
  function dropCopies(node: PooledNode, { items }: Dispatch, message: ResultMessage) {
    const keys = message.items.flatMap((item, i) =>
      !item.ok || items[i]?.query !== ''
        ? []
        : Object.values(item.children).flatMap((list) => list.flatMap(({ key }) => key ?? []))
    )
    if (keys.length > 0) node.link.send({ type: 'release', keys })
  }

  function lost({ command }: Flight) {
    streams.ended(command.batch)
    telemetry.batchFailed(command.pipeline)
    watch?.failed(command)
  }

  /** Cancels a batch on its node. False where the batch has ended already. */
  function cancelFlight({ command: { batch }, node }: Flight): boolean {
    if (!flights.delete(batch)) return false
    streams.ended(batch)
    cancelled.add(batch, node)
    node.link.send({ type: 'cancel', batch })
    return true
  }

  return {
    dispatch(whole: Dispatch, node: PooledNode) {
      const sent = fitting(whole.items)
      const unsent = whole.items.length - sent.length
      const command = unsent === 0 ? whole : { ...whole, items: sent }
      const blobs: Uint8Array[] = []
      const tokens = streams.sent(command, node)
      const items = sent.map(({ payload }, i) => {
        const { meta: own, bytes, kept } = payload as Payload
        const meta = tokens?.[i] === undefined ? own : { ...own, said: [...tokens[i]] }
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
      watch?.sent(command, node, backendOf(node, command), sentAtMs)
      node.link.send(message, blobs)
    },

    /** Cancels a batch; the scheduler still gets the event of its end. */
    cancel(batch: BatchId) {
      const flight = flights.get(batch)
      if (flight !== undefined) cancelFlight(flight)
    },

    finished(node: PooledNode, { message, blobs, bytes = 0 }: Received<ResultMessage>) {
      // The result crossed the message that cancelled its batch.
      const ranMs = message.items.some(({ ok }) => ok) ? message.computeMs : undefined
      if (cancelled.ended(message.batch, node, ranMs)) return
      const flight = flights.get(message.batch)
      if (flight === undefined || flight.node !== node) return
      flights.delete(message.batch)
      streams.ended(message.batch)
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
        const { next } = taskOf(pipelineOf(flight), flight.command.task)
        outcomes = message.items.map((item, i) =>
          toOutcome({ ...flight, next, keep }, item, flight.command.items[i], own)
        )
        const tookMs = Math.min(message.computeMs, now() - flight.sentAtMs)
        outcomes.forEach((outcome, i) => {
          if (!isGivenUp(outcome)) return
          gaveUp?.(flight.command.items[i]!.query, outcome.message, tookMs)
        })
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
      // Batches without a query are counted apart.
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
      dropCopies(node, flight.command, message)
    },

    cancelledEnded: cancelled.ended,

    /** Bytes of results that wait for the rest of their queries. */
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

    /** A batch got no messages for too long: it is cancelled, and run elsewhere. */
    lose(node: PooledNode, batch: BatchId, message: string) {
      const flight = flights.get(batch)
      if (flight?.node !== node || !cancelFlight(flight)) return
      lost(flight)
      post({ type: 'batch_failed', batch, message })
    },

    /** Cancels all batches of a node, which run elsewhere. */
    abandon(node: PooledNode, message: string) {
      for (const flight of flights.values()) {
        if (flight.node !== node || !cancelFlight(flight)) continue
        lost(flight)
        post({ type: 'batch_failed', batch: flight.command.batch, message })
      }
    },

    /** Number of batches that a node has and did not answer yet. */
    countOn(node: PooledNode): number {
      let count = 0
      for (const flight of flights.values()) if (flight.node === node) count++
      return count
    },

    /** Forgets the batches of a node that left. */
    left(node: PooledNode) {
      cancelled.left(node)
      for (const flight of flights.values()) {
        if (flight.node === node && flights.delete(flight.command.batch)) lost(flight)
      }
    },

    /** Has nodes drop the copies that they keep for a query that ended. */
    release(query: QueryId) {
      const byLink = new Map<Link, string[]>()
      for (const payload of kept.get(query) ?? []) {
        const copy = payload.kept
        // The payload may be sent again later, as a question of known answer.
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

const isGivenUp = (outcome: ItemOutcome): outcome is Extract<ItemOutcome, { ok: false }> =>
  !outcome.ok && outcome.fatal && outcome.excused === true

const UNSENT: ItemOutcome = {
  ...{ ok: false, fatal: false, reason: 'node_failed', excused: true },
  message: 'Cannot send an item: the others of its batch fill a message',
}

const bytesIn = (blobs: readonly Uint8Array[]): number =>
  blobs.reduce((sum, blob) => sum + blob.byteLength, 0)

/** Encoding of the crops that results are compared with: both have to be the same. */
function cropsOf({ like }: Dispatch): BatchMessage['crops'] | undefined {
  for (const outcome of like ?? []) {
    if (!outcome.ok) continue
    for (const child of Object.values(outcome.children).flat()) return (child as Payload).crops
  }
  return undefined
}

/**
 * From the queues of workers to batches: pruning, closing, sending, and taking back.
 *
 * @module
 */
import type { BatchId, PolicyCommand } from '../policy/core/types.ts'
import { leadMs } from './batching.ts'
import type { Item } from './queries.ts'
import type { Strategy } from './strategy.ts'
import { type Batch, budgetMs, isReady, startMs, type Worker } from './worker.ts'

export interface SenderParts {
  strategy: Strategy
  emit(command: PolicyCommand): void
  workers(): readonly Worker[]
  /** It cannot make it any more. */
  late(item: Item, nowMs: number): void
  /** Nothing that was sent to it is out any more. */
  idle(worker: Worker): void
}

export interface Sender {
  /** Its queue is worth a look at the next `feed`. */
  touch(worker: Worker): void
  /** Sends what can be sent. */
  feed(nowMs: number): void
  nextWakeMs(): number
  /** Off the books, as it ended. */
  take(id: BatchId, nowMs: number): Batch | undefined
  /** The worker is gone: what it was running. */
  forget(worker: Worker): Batch[]
  overdue(nowMs: number): Batch[]
}

/** As for `shoal` (`pool/credit.ts`): more than two only where a message travels longer than a batch takes. */
const MOST_BATCHES = 6

const takesMs = ({ worker, variant, items }: Batch): number =>
  worker.class.latencyMs(variant, items.length)

function mostOf({ sent, roundTripMs }: Worker): number {
  const last = sent[sent.length - 1]
  if (last === undefined) return 1
  return Math.min(2 + Math.floor(roundTripMs / Math.max(takesMs(last), 1e-3)), MOST_BATCHES)
}

function dropClosed(worker: Worker): void {
  if (!worker.queue.some(({ query }) => query.closed)) return
  worker.queue = worker.queue.filter(({ query }) => !query.closed)
}

const GIVE_UP_FACTOR = 10
const GIVE_UP_MS = 1000

export function createSender({ strategy, emit, workers, late, idle }: SenderParts): Sender {
  const { drop: rule, batching, dropsAhead = false, dueMs: ownDueMs } = strategy
  const byBudget = dropsAhead && (rule === 'per-task' || rule === 'rerouting')
  const out = new Map<BatchId, Batch>()
  const dirty = new Set<Worker>()
  let nextBatch = 0

  /** Takes out what is dead or cannot make it any more. */
  function prune(worker: Worker, nowMs: number): void {
    if (rule === 'none') return
    dropClosed(worker)
    const { variant, class: { latencyMs }, roundTripMs, batch } = worker
    const isLeaf = variant!.task.children.length === 0
    if (!isLeaf && !byBudget && ownDueMs === undefined) return
    const inTaskMs = byBudget ? budgetMs(worker) : Infinity
    for (let item = worker.queue[0]; item !== undefined; item = worker.queue[0]) {
      const count = worker.queue.length
      const size = ownDueMs !== undefined && count < batch ? 1 : Math.min(count, batch)
      const endMs = startMs(worker, nowMs) + latencyMs(variant!, size) + roundTripMs / 2
      const dueMs = Math.min(
        item.query.deadlineMs,
        item.arrivedMs + inTaskMs,
        ownDueMs?.(item) ?? Infinity,
      )
      if (endMs <= dueMs && !item.query.closed) break
      late(item, nowMs)
      worker.queue.shift()
    }
    // Of those dropped more items may wait behind.
    dropClosed(worker)
  }

  function feedOne(worker: Worker, nowMs: number): void {
    worker.wakeMs = Infinity
    while (isReady(worker) && worker.sent.length < mostOf(worker) && worker.queue.length > 0) {
      if (worker.sent.length > 0) {
        const fromMs = worker.freeAtMs - leadMs(worker)
        if (nowMs < fromMs) {
          worker.wakeMs = fromMs
          return
        }
      }
      prune(worker, nowMs)
      const { size, untilMs } = batching.close(worker, nowMs)
      if (size === 0) {
        worker.wakeMs = untilMs
        return
      }
      send(worker, worker.queue.splice(0, size), nowMs)
    }
  }

  function send(worker: Worker, items: Item[], nowMs: number): void {
    const variant = worker.variant!
    const endMs = startMs(worker, nowMs) + worker.class.latencyMs(variant, items.length)
    const expectedMs = endMs + worker.roundTripMs / 2 - nowMs
    const giveUpMs = GIVE_UP_FACTOR * expectedMs + GIVE_UP_MS
    const id = nextBatch++
    const batch: Batch = {
      id,
      worker,
      variant,
      items,
      sentMs: nowMs,
      expectedMs,
      giveUpAtMs: nowMs + giveUpMs,
    }
    worker.freeAtMs = endMs
    worker.lastBatchMs = nowMs
    worker.batches++
    worker.items += items.length
    worker.sent.push(batch)
    out.set(id, batch)
    emit({
      type: 'dispatch',
      batch: id,
      node: worker.node,
      slot: worker.slot,
      ...variant.ref,
      items: items.map(({ query, payload }) => ({ query: query.id, payload })),
      deadlineMs: items.reduce((least, { query }) => Math.min(least, query.deadlineMs), Infinity),
      expectedMs,
      giveUpMs,
    })
  }

  return {
    touch: (worker) => void dirty.add(worker),
    feed(nowMs) {
      for (const worker of workers()) if (worker.wakeMs <= nowMs) dirty.add(worker)
      for (const worker of dirty) feedOne(worker, nowMs)
      dirty.clear()
    },
    nextWakeMs: () => workers().reduce((next, { wakeMs }) => Math.min(next, wakeMs), Infinity),
    take(id, nowMs) {
      const batch = out.get(id)
      if (batch === undefined) return undefined
      out.delete(id)
      const { worker } = batch
      worker.sent = worker.sent.filter((one) => one !== batch)
      worker.freeAtMs = worker.sent.length === 0
        ? nowMs
        : worker.sent.reduce((freeMs, one) => freeMs + takesMs(one), nowMs - worker.roundTripMs / 2)
      if (worker.sent.length === 0) idle(worker)
      dirty.add(worker)
      return batch
    },
    forget(worker) {
      dirty.delete(worker)
      const lost = worker.sent.splice(0)
      for (const { id } of lost) out.delete(id)
      return lost
    },
    overdue: (nowMs) => [...out.values()].filter(({ giveUpAtMs }) => giveUpAtMs <= nowMs),
  }
}

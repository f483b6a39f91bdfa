/**
 * The way of the items: bound to a worker as soon as they come up, sent in batches, served, handed on,
 * dropped.
 *
 * @module
 */
import type { Limits } from '../policy/core/options.ts'
import type {
  BatchId,
  FailureReason,
  ItemOutcome,
  PolicyCommand,
  PolicyEvent,
} from '../policy/core/types.ts'
import { reroute } from './drops.ts'
import type { Task } from './model.ts'
import { type Item, type Query, serveItem } from './queries.ts'
import { createSender } from './sender.ts'
import type { Strategy } from './strategy.ts'
import { pickByLot, pickSmoothly, type Route, type Tables } from './tables.ts'
import { type Batch, budgetMs, isReady, waitMs, type Worker } from './worker.ts'

export interface FlowParts {
  strategy: Strategy
  limits: Limits
  random: () => number
  emit(command: PolicyCommand): void
  workers(): readonly Worker[]
  tables(): Tables
  /** Items came up for a task. */
  came(task: Task, count: number, nowMs: number): void
  /** A batch of these was served, with so many child items each. */
  handed(item: Item, batch: Batch): void
  fail(query: Query, reason: FailureReason, message: string, nowMs: number): void
  finish(query: Query, nowMs: number): void
  /** Nothing that was sent to it is out any more. */
  idle(worker: Worker): void
}

export interface Flow {
  admit(item: Item, nowMs: number): void
  finished(event: Extract<PolicyEvent, { type: 'batch_finished' }>, nowMs: number): void
  failed(batch: BatchId, message: string, nowMs: number): void
  /** Its queue and what it was running go to others of the same task. */
  evict(worker: Worker, nowMs: number): void
  /** Only the queue: the worker is to do something else. */
  rebind(worker: Worker, nowMs: number): void
  touch(worker: Worker): void
  /** Sends what can be sent. */
  feed(nowMs: number): void
  nextWakeMs(): number
  /** Gives up batches that are long overdue. */
  sweep(nowMs: number): void
}

export function createFlow(parts: FlowParts): Flow {
  const { strategy, limits, random, emit } = parts
  const { drop: rule } = strategy
  const sender = createSender({ ...parts, late })

  const pick = (routes: readonly Route[]) =>
    strategy.pick === 'lot' ? pickByLot(routes, random) : pickSmoothly(routes)

  /** For whom no table has an entry: the worker of the task that would begin it first. */
  function shortest(task: Task, nowMs: number): Worker | undefined {
    let best: Worker | undefined
    let bestMs = Infinity
    for (const worker of parts.workers()) {
      if (worker.variant?.task !== task || worker.paused) continue
      const ms = waitMs(worker, nowMs) + (isReady(worker) ? 0 : 1e6)
      if (ms < bestMs) [best, bestMs] = [worker, ms]
    }
    return best
  }

  function bind(item: Item, worker: Worker | undefined, nowMs: number): void {
    const to = worker ?? shortest(item.task, nowMs)
    if (to === undefined) {
      return lose(item, 'no_capable_node', `No worker has a variant of ${item.task.name}`, nowMs)
    }
    if (to.queue.length >= limits.maxItemsPerTask) {
      return lose(item, 'queue_full', 'Cannot queue: the worker has too many items', nowMs)
    }
    to.queue.push(item)
    sender.touch(to)
  }

  function lose({ query }: Item, reason: FailureReason, message: string, nowMs: number): void {
    if (!query.closed) parts.fail(query, reason, message, nowMs)
  }

  function late(item: Item, nowMs: number): void {
    lose(item, 'deadline_exceeded', 'Cannot answer in time: dropped early', nowMs)
  }

  function serve(item: Item, batch: Batch, outcome: ItemOutcome & { ok: true }, nowMs: number) {
    const { worker, variant } = batch
    const { query, task } = item
    const branches = serveItem(item, variant, outcome.result, outcome.children, nowMs)
    parts.handed(item, batch)
    if (query.open === 0) {
      if (!query.closed) parts.finish(query, nowMs)
      return
    }
    const full = { ...worker, variant }
    const overMs = task.children.length === 0 ? 0 : nowMs - item.arrivedMs - budgetMs(full)
    if (overMs > 0 && rule === 'per-task') return late(item, nowMs)
    branches.forEach((children, i) => {
      if (children.length === 0) return
      const child = task.children[i]!
      parts.came(child, children.length, nowMs)
      const routes = parts.tables().next.get(worker)?.[i] ?? []
      for (const one of children) {
        if (query.closed && rule !== 'none') return
        const picked = routes.length > 0 ? pick(routes) : undefined
        // A worker that was given another task since has the tables of that one.
        const planned = picked?.variant?.task === child ? picked : undefined
        if (overMs > 0 && rule === 'rerouting' && planned !== undefined) {
          const other = reroute(planned, overMs, parts.tables().backup.get(child) ?? [], random)
          if (other === undefined) late(one, nowMs)
          else bind(one, other, nowMs)
        } else bind(one, planned, nowMs)
      }
    })
  }

  function retry(item: Item, message: string, nowMs: number): void {
    if (item.query.closed) return
    if (++item.attempts >= limits.maxAttempts) return lose(item, 'node_failed', message, nowMs)
    bind(item, shortest(item.task, nowMs), nowMs)
  }

  function rebind(worker: Worker, nowMs: number): void {
    for (const item of worker.queue.splice(0)) {
      if (!item.query.closed || rule === 'none') bind(item, shortest(item.task, nowMs), nowMs)
    }
  }

  return {
    admit(item, nowMs) {
      parts.came(item.task, 1, nowMs)
      const routes = parts.tables().root.get(item.query.pipeline) ?? []
      bind(item, pick(routes), nowMs)
    },
    finished(event, nowMs) {
      const batch = sender.take(event.batch, nowMs)
      if (batch === undefined) return
      record(batch, event)
      batch.items.forEach((item, i) => {
        if (item.query.closed && rule !== 'none') return
        const outcome = event.outcomes[i]
        if (outcome?.ok) serve(item, batch, outcome, nowMs)
        else if (outcome?.fatal) lose(item, outcome.reason, outcome.message, nowMs)
        else retry(item, outcome?.message ?? 'The node sent too few outcomes', nowMs)
      })
    },
    failed(id, message, nowMs) {
      for (const item of sender.take(id, nowMs)?.items ?? []) retry(item, message, nowMs)
    },
    evict(worker, nowMs) {
      const lost = sender.forget(worker)
      worker.variant = null
      for (const batch of lost) {
        for (const item of batch.items) retry(item, 'Cannot finish a batch: its node left', nowMs)
      }
      rebind(worker, nowMs)
    },
    rebind,
    touch: sender.touch,
    feed: sender.feed,
    nextWakeMs: sender.nextWakeMs,
    sweep(nowMs) {
      for (const { id, worker } of sender.overdue(nowMs)) {
        emit({ type: 'cancel_batch', node: worker.node, batch: id })
        this.failed(id, 'Cannot finish a batch: it was overdue', nowMs)
      }
    },
  }
}

function record(
  { items, worker, variant, sentMs }: Batch,
  { networkMs, computeMs, nodeQueueMs }: Extract<PolicyEvent, { type: 'batch_finished' }>,
): void {
  const rows = new Map<Query, { items: number; waitedMs: number }>()
  for (const { query, arrivedMs } of items) {
    const row = rows.get(query)
    if (row === undefined) rows.set(query, { items: 1, waitedMs: sentMs - arrivedMs })
    else row.items++
  }
  for (const [query, row] of rows) {
    if (query.closed) continue
    query.stages.push({
      task: variant.task.name,
      variant: variant.ref.variant,
      node: worker.node,
      batch: items.length,
      items: row.items,
      queueMs: row.waitedMs + nodeQueueMs,
      networkMs,
      computeMs,
    })
  }
}

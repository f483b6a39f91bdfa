/**
 * The dispatcher: takes queries in, binds their items to slots as late as possible, and gives each
 * query exactly one answer. One for each coordinator; knows the nodes whose links that one holds.
 *
 * @module
 */
import { admit, type Refusal } from './admission.ts'
import { batchKeyOf, createBatchSizes } from './batch_sizes.ts'
import { createCounters, type Report } from './counters.ts'
import type { Directive } from './directive.ts'
import { dispatchAll } from './dispatch.ts'
import { createFanOut } from './fanout.ts'
import { createFlights } from './flights.ts'
import { finishBatch } from './finish.ts'
import { capacityReport } from './frontier/problem.ts'
import type { Limits } from './options.ts'
import { createOutlook } from './outlook.ts'
import { createPool } from './pool.ts'
import { createProfile } from './profile.ts'
import { answerOf, createQuery, type Item, type Query } from './query.ts'
import { createQueue } from './queue.ts'
import { createReady } from './ready.ts'
import type { Shapes } from './shape.ts'
import { type Batch, coolDown } from './slots.ts'
import { dispatcherStats } from './stats.ts'
import { createTargets } from './targets.ts'
import type {
  FailureReason,
  NodeId,
  PolicyCommand,
  PolicyEvent,
  QueryId,
  SchedulerStats,
  SlotIndex,
  VariantRef,
} from './types.ts'
import { createWaiting } from './waiting.ts'

export interface Dispatcher {
  handle(event: PolicyEvent, nowMs: number): void
  /** The controller has told a slot to load a variant. */
  loading(node: NodeId, slot: SlotIndex, ref: VariantRef): void
  /** Answers whose time is up. Before an event those past it; after it those at it as well. */
  expire(nowMs: number, inclusive: boolean): void
  /** Gives work to all slots with credit. */
  dispatch(nowMs: number): void
  /** When to be woken at the latest; Infinity when only an event can change anything. */
  nextWakeMs(nowMs: number): number
  /** What was seen since the last report, and what the nodes can do. */
  report(nowMs: number): Report
  /** What the controller decided. */
  adopt(directive: Directive, nowMs: number): void
  stats(nowMs: number): SchedulerStats
}

/** A slot that leaves work to others looks again after this, should nothing happen before. */
const LOOK_AGAIN_MS = 25

export function createDispatcher(
  shapes: Shapes,
  limits: Limits,
  emit: (command: PolicyCommand) => void,
): Dispatcher {
  const profile = createProfile(shapes)
  const fanOut = createFanOut()
  const sizes = createBatchSizes()
  const pool = createPool(shapes, profile, fanOut, sizes, limits.maxBatch)
  const ready = createReady()
  const targets = createTargets()
  const waiting = createWaiting(shapes)
  const counters = createCounters(shapes)
  const queries = createQueue<Query>()
  const byId = new Map<QueryId, Query>()
  const flights = createFlights({
    limits,
    profile,
    waiting,
    emit,
    changed(slot) {
      ready.touch(slot, nowMs)
      outlook.changed()
    },
    exhausted: (item, message) => fail(item.query, 'node_failed', message),
  })
  let nowMs = 0
  let arrivals = 0
  let draining = false
  let declined = false
  const outlook = createOutlook({ pool, ready, flights, queries, maxScan: limits.maxScan, emit })

  /** Takes a query out of everything that knows it. */
  function close(query: Query): void {
    query.closed = true
    outlook.changed()
    byId.delete(query.id)
    queries.remove(query)
    counters.pipelines.get(query.shape.name)!.inFlight--
    for (const item of query.open) {
      if (item.state === 'queued') waiting.remove(item)
      else flights.forget(item, nowMs)
    }
    query.open.clear()
  }

  function fail(query: Query, reason: FailureReason, message: string): void {
    if (query.closed) return
    close(query)
    counters.failed(query.shape.name, reason)
    emit({ type: 'answer', query: query.id, answer: { ok: false, reason, message } })
  }

  function finish(query: Query): void {
    if (query.closed) return
    close(query)
    const answer = answerOf(query)
    const slack = (query.deadlineMs - nowMs) / Math.max(query.deadlineMs - query.arrivedMs, 1e-6)
    counters.served(query.shape.name, answer.accuracy, slack)
    emit({ type: 'answer', query: query.id, answer })
  }

  function refuse(query: QueryId, pipeline: string | undefined, answer: Refusal): void {
    if (pipeline !== undefined) counters.failed(pipeline, answer.reason)
    emit({ type: 'answer', query, answer })
  }

  function arrive(event: Extract<PolicyEvent, { type: 'query_arrived' }>): void {
    const { query: id, deadlineMs, minAccuracy, payload } = event
    if (byId.has(id)) return
    const shape = shapes.pipelines.get(event.pipeline)
    if (shape === undefined) {
      const message = `Cannot serve ${event.pipeline}: no such pipeline`
      return refuse(id, undefined, { ok: false, reason: 'no_capable_node', message })
    }
    counters.arrived(shape.name)
    const counts = counters.pipelines.get(shape.name)!
    const { tails } = outlook.capacity(nowMs)
    const known = outlook.backlog(nowMs)
    const admitted = admit({
      shape,
      deadlineMs,
      minAccuracy,
      draining,
      loading: pool.isLoading,
      full: counts.inFlight >= limits.maxQueries,
      tails,
      backlog: known,
      queries,
    }, nowMs)
    if ('reason' in admitted) return refuse(id, shape.name, admitted)
    const given = { id, seq: arrivals++, shape, deadlineMs, minAccuracy, payload, ...admitted }
    const query = createQuery(given, nowMs)
    counts.inFlight++
    byId.set(id, query)
    query.aheadMs = admitted.aheadMs
    query.scan = known.scan
    queries.insert(query)
    outlook.changed()
    enqueue([query.root])
  }

  /** Queues new items of one query, unless there is no room for them. */
  function enqueue(items: readonly Item[]): void {
    for (const item of items) {
      if (item.query.closed) return
      if (waiting.count(item.task) >= limits.maxItemsPerTask) {
        return fail(item.query, 'queue_full', `Cannot queue more items for ${item.task.name}`)
      }
      waiting.add(item, nowMs)
    }
  }

  function lose(batches: readonly Batch[], message: string): void {
    for (const batch of batches) {
      flights.end(batch.id, nowMs)
      flights.retry(batch, message, nowMs)
    }
  }

  function handle(event: PolicyEvent, at: number): void {
    nowMs = at
    switch (event.type) {
      case 'query_arrived':
        return arrive(event)
      case 'query_cancelled': {
        const query = byId.get(event.query)
        if (query === undefined) return
        counters.pipelines.get(query.shape.name)!.cancelled++
        return close(query)
      }
      case 'batch_finished': {
        const batch = flights.end(event.batch, nowMs)
        if (batch === undefined) return
        finishBatch(
          batch,
          event,
          { profile, fanOut, pool, flights, counters, enqueue, fail, finish },
          nowMs,
        )
        return ready.touch(batch.slot, nowMs)
      }
      case 'batch_failed': {
        const batch = flights.end(event.batch, nowMs)
        if (batch === undefined) return
        // One that was cancelled had to end somehow: no sign of a fault.
        if (batch.ghostUntilMs === null) coolDown(batch.slot, batch.variant, nowMs)
        ready.touch(batch.slot, nowMs)
        return flights.retry(batch, event.message, nowMs)
      }
      case 'node_joined':
        lose(pool.leave(event.node), 'Cannot finish a batch: its node joined anew')
        return pool.join(event)
      case 'node_reported':
        return lose(pool.report(event), 'Cannot finish a batch: its slot is no more')
      case 'node_left':
        return lose(pool.leave(event.node), 'Cannot finish a batch: its node left')
      case 'instance_ready':
      case 'load_failed':
        return pool.loaded(event.node, event.slot, event, event.type === 'instance_ready')
      case 'drain':
        draining = true
        return
      case 'plan_ready':
      case 'wake':
        return
    }
  }

  /** What to say of a query whose time is up: that nodes failed it, if none is left to serve it. */
  function reasonOf(query: Query): [FailureReason, string] {
    const { tails } = outlook.capacity(nowMs)
    const stranded = [...query.open].some((item) =>
      item.state === 'queued' &&
      tails.quickest(item.above, item.task, query.level) === undefined
    )
    return stranded
      ? ['node_failed', 'Cannot answer: no node is left that can do the rest']
      : ['deadline_exceeded', 'Cannot answer within the deadline']
  }

  return {
    handle,
    loading: pool.loading,
    expire(at, inclusive) {
      nowMs = at
      for (let query = queries.at(0); query !== undefined; query = queries.at(0)) {
        if (inclusive ? query.deadlineMs > at : query.deadlineMs >= at) break
        fail(query, ...reasonOf(query))
      }
    },
    dispatch(at) {
      nowMs = at
      flights.sweep(at)
      if (waiting.total === 0) {
        declined = false
        return
      }
      declined = dispatchAll({
        limits,
        profile,
        waiting,
        ready,
        targets,
        capacity: outlook.capacity,
        backlog: outlook.backlog,
        inside: () => queries.length,
        send(slot, members, close) {
          counters.closed(close)
          const { variant } = members[0]!.choice.prefix
          targets.charge(variant.task, slot.group!, variant, members.length)
          sizes.ran(batchKeyOf(slot.group!.class.name, variant.task), members.length)
          flights.send(slot, members, at)
          outlook.changed()
        },
        drop: (query) => fail(query, 'deadline_exceeded', 'Cannot answer in time: dropped early'),
      }, at)
    },
    nextWakeMs(at) {
      let next = Math.min(queries.at(0)?.deadlineMs ?? Infinity, flights.nextSweepMs())
      if (waiting.total === 0) return next
      outlook.capacity(at)
      next = Math.min(next, ready.nextMs())
      return declined ? Math.min(next, at + LOOK_AGAIN_MS) : next
    },
    report(at) {
      nowMs = at
      return {
        pipelines: counters.report(),
        backlogMs: outlook.backlog(at).poolMs,
        capacity: capacityReport(shapes, outlook.capacity(at).capacity, fanOut),
      }
    },
    adopt(directive, at) {
      nowMs = at
      targets.adopt(directive.mix)
      outlook.adopt(directive, at)
    },
    stats: (at) => dispatcherStats(counters, waiting, pool.nodes.values(), shapes, at),
  }
}

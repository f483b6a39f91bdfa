/**
 * One scheduler for all peers: early binding to the queues of workers, after a plan and routing
 * tables that a strategy makes.
 *
 * Shared, so that only the rules differ: arrival counts and their weighted mean, the interval of
 * plans, what a swap costs, retries after a node is lost, bounds of queues, accounting.
 *
 * @module
 */
import { limitsOf } from '../policy/core/options.ts'
import type { Policy, PolicyOptions } from '../policy/core/options.ts'
import { createQueue } from '../policy/state/queue.ts'
import type { FailureReason, PolicyCommand, PolicyEvent, QueryId } from '../policy/core/types.ts'
import { createController } from './controller.ts'
import { createCounters } from './counters.ts'
import { createFlow } from './flow.ts'
import { createModel } from './model.ts'
import { allocationOf, type PlainAllocation, plainProblem } from './plain.ts'
import { createPool } from './pool.ts'
import { answerOf, createQuery, type Query } from './queries.ts'
import type { Strategy } from './strategy.ts'
import type { Worker } from './worker.ts'

/** @throws RangeError for bad limits, or for want of lots to draw */
export function createPeer(strategy: Strategy, options: PolicyOptions): Omit<Policy, 'name'> {
  if (strategy.pick === 'lot' && options.random === undefined) {
    throw new RangeError(`Cannot draw lots: ${strategy.name} needs random`)
  }
  const model = createModel(options.pipelines)
  const limits = limitsOf(options.limits)
  const counters = createCounters(model)
  const queries = createQueue<Query>()
  const byId = new Map<QueryId, Query>()
  let commands: PolicyCommand[] = []
  const emit = (command: PolicyCommand) => void commands.push(command)
  let seq = 0
  let nowMs = -Infinity
  let wakeAtMs: number | undefined
  let draining = false

  // Those that follow tables by round robin draw lots only to part equals.
  const random = options.random ?? (() => 0)

  const pool = createPool(model, emit)
  const controller = createController({
    model,
    strategy,
    initialRatePerS: options.initialRatePerS ?? {},
    random,
    workers: pool.all,
    emit,
    give,
  })
  const flow = createFlow({
    strategy,
    limits,
    random,
    emit,
    workers: pool.all,
    tables: controller.tables,
    came: controller.came,
    handed: ({ children }, { variant }) =>
      controller.handed(variant, children.map(({ length }) => length)),
    fail,
    finish,
    idle: pool.proceed,
  })

  function give(worker: Worker, target: Parameters<typeof pool.give>[1], atMs: number): void {
    const moves = worker.variant !== (target?.variant ?? null)
    pool.give(worker, target)
    if (moves) flow.rebind(worker, atMs)
  }

  function close(query: Query): void {
    query.closed = true
    queries.remove(query)
    byId.delete(query.id)
  }

  function fail(query: Query, reason: FailureReason, message: string): void {
    close(query)
    counters.failed(query, reason)
    emit({ type: 'answer', query: query.id, answer: { ok: false, reason, message } })
  }

  function finish(query: Query): void {
    close(query)
    const answer = answerOf(query)
    if (answer.ok) counters.served(query, answer.accuracy)
    emit({ type: 'answer', query: query.id, answer })
  }

  function refuse(query: QueryId, reason: FailureReason, message: string): void {
    emit({ type: 'answer', query, answer: { ok: false, reason, message } })
  }

  function arrive(event: Extract<PolicyEvent, { type: 'query_arrived' }>): void {
    const pipeline = model.pipeline(event.pipeline)
    if (pipeline === undefined) return refuse(event.query, 'invalid_input', 'Unknown pipeline')
    controller.arrived(pipeline, nowMs)
    const { query: id, deadlineMs, payload } = event
    const query = createQuery(id, seq++, pipeline, deadlineMs, payload, nowMs)
    counters.arrived(query)
    byId.set(id, query)
    queries.insert(query)
    if (draining) return fail(query, 'draining', 'Cannot take queries any more: going down')
    if (queries.length > limits.maxQueries) {
      return fail(query, 'queue_full', 'Cannot take the query: too many are inside')
    }
    flow.admit(query.root, nowMs)
  }

  function act(event: PolicyEvent): void {
    switch (event.type) {
      case 'query_arrived':
        return arrive(event)
      case 'query_cancelled': {
        const query = byId.get(event.query)
        if (query === undefined) return
        close(query)
        return counters.cancelled(query)
      }
      case 'batch_finished':
        return flow.finished(event, nowMs)
      case 'batch_failed':
        return flow.failed(event.batch, event.message, nowMs)
      case 'node_joined': {
        const before = pool.leave(event.node)
        pool.join(event)
        controller.changed()
        for (const worker of before) flow.evict(worker, nowMs)
        return
      }
      case 'node_reported': {
        const lost: Worker[] = []
        if (pool.report(event, lost)) controller.changed()
        for (const worker of lost) flow.evict(worker, nowMs)
        return
      }
      case 'node_able':
        pool.able(event)
        return controller.changed()
      case 'node_left': {
        const lost = pool.leave(event.node)
        controller.changed()
        for (const worker of lost) flow.evict(worker, nowMs)
        return
      }
      case 'instance_ready': {
        const worker = pool.ready(event)
        if (worker !== undefined) flow.touch(worker)
        return controller.stale()
      }
      case 'load_failed':
        pool.failed(event)
        return controller.stale()
      case 'plan_ready':
        return controller.apply(event.plan.epoch, nowMs)
      case 'drain':
        draining = true
        return
      case 'wake':
        wakeAtMs = undefined
        for (const worker of pool.all()) {
          pool.proceed(worker)
          if (worker.queue.length > 0) flow.touch(worker)
        }
        return flow.sweep(nowMs)
    }
  }

  function expire(inclusive: boolean): void {
    for (let query = queries.at(0); query !== undefined; query = queries.at(0)) {
      if (inclusive ? query.deadlineMs > nowMs : query.deadlineMs >= nowMs) return
      fail(query, 'deadline_exceeded', 'Cannot answer within the deadline')
    }
  }

  function setTimer(): void {
    const nextMs = Math.min(
      queries.at(0)?.deadlineMs ?? Infinity,
      flow.nextWakeMs(),
      controller.nextTickMs(),
    )
    if (wakeAtMs !== undefined && wakeAtMs > nowMs && wakeAtMs <= nextMs) return
    wakeAtMs = nextMs
    emit({ type: 'wake_at', atMs: nextMs })
  }

  return {
    scheduler: {
      handle(event, atMs) {
        nowMs = Math.max(nowMs, atMs)
        commands = []
        expire(false)
        act(event)
        if (event.type === 'wake') controller.tick(nowMs)
        expire(true)
        flow.feed(nowMs)
        setTimer()
        return commands
      },
      plan: controller.plan,
      stats: () => counters.stats(queries, pool.all(), nowMs),
    },
    solve: ({ epoch }) => controller.solve(epoch),
    elsewhere: {
      problem({ epoch }) {
        const { drop, cap } = options
        const problem = controller.problem(epoch)
        return problem &&
          plainProblem(problem, { name: strategy.name, drop, cap }, options.pipelines)
      },
      plan({ epoch }, allocation) {
        const problem = controller.problem(epoch)
        return controller.settle(
          epoch,
          problem && allocation && allocationOf(allocation as PlainAllocation, problem),
        )
      },
    },
  }
}

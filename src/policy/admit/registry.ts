/**
 * The registry of queries: each is admitted or refused, and closed with exactly one answer.
 *
 *     arrived -> refused
 *     arrived -> inside -> answered | failed | cancelled
 *
 * @module
 */
import type { Counters } from '../state/stats.ts'
import { createDoubt } from './doubt.ts'
import type { Flights } from '../state/flights.ts'
import type { Limits } from '../core/options.ts'
import { answerOf } from '../state/answered.ts'
import { createQuery, type Item, type Query } from '../state/query.ts'
import type { DeadlineQueue } from '../state/queue.ts'
import type { Waiting } from '../state/waiting.ts'
import { floorOf, levelOf, type PipelineShape, type Shapes } from '../core/graph.ts'
import type { Preferred } from '../use/preferred.ts'
import { createTable } from '../core/table.ts'
import type { FailureReason, PolicyCommand, PolicyEvent, QueryId } from '../core/types.ts'
import {
  type AdmissionParts,
  admit,
  isHopeless,
  type Prospects,
  type Refusal,
} from './admission.ts'

export interface RegistryParts
  extends Pick<AdmissionParts, 'arrivals' | 'bestFloor' | 'confirming'> {
  shapes: Shapes
  limits: Limits
  queries: DeadlineQueue<Query>
  waiting: Waiting
  flights: Flights
  outlook: Prospects
  counters: Counters
  emit(command: PolicyCommand): void
  nowMs(): number
  /** Takes in the demand of a query that an idle pool could serve in time. */
  countDemand(pipeline: string, floor: number | undefined, share: number): void
  preferred: Pick<Preferred, 'record'>
  /** The estimates have all queries of a pipeline refused and may be outdated. */
  doubt(shape: PipelineShape): void
}

export class QueryRegistry {
  private readonly byId = createTable<QueryId, Query>()
  private readonly doubted = createDoubt()
  private readonly admission: AdmissionParts
  private arrivals = 0
  private draining = false

  constructor(private readonly parts: RegistryParts) {
    const { limits, counters, queries } = parts
    this.admission = {
      ...parts,
      inside: () => queries.length,
      isFull: ({ name }) => counters.pipelines.get(name)!.inFlight >= limits.maxQueries,
    }
  }

  arrive(event: Extract<PolicyEvent, { type: 'query_arrived' }>): void {
    const { query: id, deadlineMs, timeoutMs, minAccuracy, share = 1, payload } = event
    const { client, unverified } = event
    const { shapes, counters, queries, outlook } = this.parts
    if (this.byId.has(id)) return
    const nowMs = this.parts.nowMs()
    const shape = shapes.pipelines.get(event.pipeline)
    if (shape === undefined) {
      const message = `Cannot serve ${event.pipeline}: no such pipeline`
      return this.answer(id, { ok: false, reason: 'no_capable_node', message })
    }
    counters.arrived(shape.name)
    const prefer = this.parts.preferred.record(shape, event.prefer, nowMs)
    const admitted = this.draining ? refusedForDraining : admit(
      { shape, deadlineMs, timeoutMs, minAccuracy, client, unverified },
      this.admission,
      nowMs,
    )
    const isRefused = typeof admitted !== 'number'
    if (!isRefused || !isHopeless(admitted)) {
      this.parts.countDemand(shape.name, floorOf(shape, minAccuracy), share)
    }
    if (isRefused) return this.refuse(id, shape, admitted, deadlineMs - nowMs, minAccuracy)
    const query = createQuery({
      id,
      seq: this.arrivals++,
      shape,
      deadlineMs,
      minAccuracy,
      prefer,
      share,
      client,
      unverified,
      payload,
      slackMs: admitted,
    }, nowMs)
    counters.pipelines.get(shape.name)!.inFlight++
    this.byId.set(id, query)
    queries.insert(query)
    outlook.joined(query)
    this.parts.confirming()?.entered(query, nowMs)
    this.enqueue([query.root])
  }

  private refuse(
    id: QueryId,
    shape: PipelineShape,
    refusal: Refusal,
    leftMs: number,
    minAccuracy: number | undefined,
  ): void {
    const { counters, outlook } = this.parts
    counters.failed(shape.name, refusal.reason)
    this.answer(id, refusal)
    if (refusal.reason !== 'infeasible_deadline') return
    const nowMs = this.parts.nowMs()
    const level = levelOf(shape, minAccuracy)
    const { chainMs = 0, mostMs = 0 } = outlook.pathsAt(nowMs).quickest(shape.start, level) ?? {}
    const needMs = Math.max(chainMs, mostMs)
    const { inFlight } = counters.pipelines.get(shape.name)!
    if (this.doubted.refused(shape, needMs, leftMs, inFlight, nowMs)) this.parts.doubt(shape)
  }

  cancel(id: QueryId): void {
    const query = this.byId.get(id)
    if (query === undefined) return
    this.parts.counters.pipelines.get(query.shape.name)!.cancelled++
    this.close(query)
  }

  /** Refuses all further queries. */
  drain(): void {
    this.draining = true
  }

  /** Queues new items of one query and one task; the query fails if the task's queue is full. */
  enqueue(items: readonly Item[]): void {
    const { waiting, limits } = this.parts
    const [first] = items
    if (first === undefined || first.query.closed) return
    const { task, query } = first
    if (waiting.count(task) + items.length > limits.maxItemsPerTask) {
      return this.fail(query, 'queue_full', `Cannot queue more items for ${task.name}`)
    }
    waiting.addNew(items, this.parts.nowMs())
  }

  fail(query: Query, reason: FailureReason, message: string): void {
    if (query.closed) return
    this.close(query, reason === 'deadline_exceeded' ? false : undefined)
    this.parts.counters.failed(query.shape.name, reason)
    this.answer(query.id, { ok: false, reason, message })
  }

  /** Fails queries past their deadline; `inclusive` also those at it, as after an event. */
  expire(nowMs: number, inclusive: boolean): void {
    const { queries } = this.parts
    for (let query = queries.at(0); query !== undefined; query = queries.at(0)) {
      if (inclusive ? query.deadlineMs > nowMs : query.deadlineMs >= nowMs) break
      this.late(query)
    }
  }

  private late(query: Query): void {
    const paths = this.parts.outlook.pathsAt(this.parts.nowMs())
    const isStranded = query.items.some(({ state, way }) =>
      state === 'queued' && paths.quickest(way, query.level) === undefined
    )
    if (isStranded) {
      this.fail(
        query,
        'node_failed',
        'Cannot answer: no node is left that can run the remaining items',
      )
    } else this.fail(query, 'deadline_exceeded', 'Cannot answer within the deadline')
  }

  finish(query: Query): void {
    if (query.closed) return
    this.close(query, true)
    const answer = answerOf(query)
    this.parts.counters.served(query.shape.name, answer.accuracy)
    this.parts.emit({ type: 'answer', query: query.id, answer })
  }

  /** Removes a query everywhere; `inTime` is undefined if it is unknown. */
  private close(query: Query, inTime?: boolean): void {
    const { queries, counters, waiting, flights } = this.parts
    const nowMs = this.parts.nowMs()
    query.closed = true
    this.byId.delete(query.id)
    queries.remove(query)
    this.parts.confirming()?.left(query, inTime === true)
    const counts = counters.pipelines.get(query.shape.name)!
    this.doubted.ended(query.shape, --counts.inFlight, inTime, nowMs)
    for (let i = query.firstOpen; i < query.items.length; i++) {
      const item = query.items[i]!
      if (item.state === 'queued') waiting.remove(item)
      else flights.forget(item, nowMs)
    }
  }

  private answer(query: QueryId, answer: Refusal): void {
    this.parts.emit({ type: 'answer', query, answer })
  }
}

const refusedForDraining: Refusal = {
  ok: false,
  reason: 'draining',
  message: 'Cannot take a query: shutting down',
}

/**
 * Queries inside: taken in or refused at the door, closed with exactly one answer.
 *
 * @module
 */
import type { Counters } from '../counters.ts'
import type { Haste } from '../demand/haste.ts'
import { lessonOf } from '../demand/lesson.ts'
import { createPressure } from '../demand/pressure.ts'
import type { Flights } from '../flight/flights.ts'
import type { Sharing } from '../lookahead/sharing.ts'
import type { Limits } from '../options.ts'
import type { Outlook } from '../outlook.ts'
import type { Arrivals } from '../pool/arrivals.ts'
import { islandNumber } from '../pool/islands.ts'
import { answerOf } from '../queue/answer.ts'
import { createQuery, type Item, type Query } from '../queue/query.ts'
import type { DeadlineQueue } from '../queue/queue.ts'
import type { Waiting } from '../queue/waiting.ts'
import { floorOf, levelOf, type PipelineShape, type Shapes } from '../shape.ts'
import { createTable } from '../table.ts'
import type { FailureReason, PolicyCommand, PolicyEvent, QueryId } from '../types.ts'
import { admit, isHopeless, type Refusal } from './admission.ts'
import { type Coming, createComing } from './coming.ts'
import { createDoor, type Door } from './door.ts'
import { createDoubt } from './doubt.ts'

export interface InsideParts {
  shapes: Shapes
  limits: Limits
  queries: DeadlineQueue<Query>
  waiting: Waiting
  flights: Flights
  outlook: Outlook
  counters: Counters
  haste: Haste
  sharing: Sharing
  emit(command: PolicyCommand): void
  arrivals: Pick<Arrivals, 'any' | 'inMs'>
  bestFloor(shape: PipelineShape): number
  nowMs(): number
  /**
   * Demand: a query came that could be done in its time, were the pool idle.
   *
   * @param floor the least accuracy that will do for it, where not any will
   */
  asked(pipeline: string, floor: number | undefined): void
  /** What is known has all queries of a pipeline refused, and may not be so any more. */
  doubt(shape: PipelineShape): void
}

export interface Inside {
  /** Learns from what is sent how much it has to ask for. */
  door: Door
  /** Is told what is planned for. */
  coming: Coming
  arrive(event: Extract<PolicyEvent, { type: 'query_arrived' }>): void
  cancel(query: QueryId): void
  /** No more are taken. */
  drain(): void
  /** Queues new items of one query and one task, unless there is no room for them. */
  enqueue(items: readonly Item[]): void
  fail(query: Query, reason: FailureReason, message: string): void
  /** Its time is up. */
  expire(query: Query): void
  /** All its items are done. */
  finish(query: Query): void
}

export function createInside(parts: InsideParts): Inside {
  const { shapes, limits, queries, waiting, flights, outlook, counters, haste, sharing, emit } =
    parts
  const byId = createTable<QueryId, Query>()
  const pressure = createPressure()
  const door = createDoor(pressure)
  const coming = createComing()
  const doubt = createDoubt()
  let arrivals = 0
  let draining = false

  /** Takes a query out of everything that knows it; `inTime` where it is known whether it was. */
  function close(query: Query, inTime?: boolean): void {
    query.closed = true
    outlook.changed()
    byId.delete(query.id)
    queries.remove(query)
    const counts = counters.pipelines.get(query.shape.name)!
    doubt.ended(query.shape, --counts.inFlight, inTime, parts.nowMs())
    for (let i = query.firstOpen; i < query.items.length; i++) {
      const item = query.items[i]!
      if (item.state === 'queued') waiting.remove(item)
      else flights.forget(item, parts.nowMs())
    }
  }

  function fail(query: Query, reason: FailureReason, message: string): void {
    if (query.closed) return
    close(query, reason === 'deadline_exceeded' ? false : undefined)
    counters.failed(query.shape.name, reason, query.lesson)
    if (reason === 'deadline_exceeded') {
      const { tails } = outlook.capacity(parts.nowMs())
      door.missed(tails.quickest(query.shape.start, query.level)?.poolMs ?? 0)
    }
    emit({ type: 'answer', query: query.id, answer: { ok: false, reason, message } })
  }

  /** Says that nodes failed it, if none is left to serve it. */
  function expire(query: Query): void {
    const { tails } = outlook.capacity(parts.nowMs())
    const stranded = query.items.some(({ state, way }) =>
      state === 'queued' && tails.quickest(way, query.level) === undefined
    )
    if (stranded) fail(query, 'node_failed', 'Cannot answer: no node is left that can do the rest')
    else fail(query, 'deadline_exceeded', 'Cannot answer within the deadline')
  }

  function finish(query: Query): void {
    if (query.closed) return
    close(query, true)
    door.served()
    const answer = answerOf(query)
    const slack = (query.deadlineMs - parts.nowMs()) /
      Math.max(query.deadlineMs - query.arrivedMs, 1e-6)
    const { shape, lowered, items, lesson } = query
    counters.served(shape.name, answer.accuracy, slack, lowered / items.length, lesson)
    emit({ type: 'answer', query: query.id, answer })
  }

  function refuse(query: QueryId, answer: Refusal): void {
    emit({ type: 'answer', query, answer })
  }

  function arrive(event: Extract<PolicyEvent, { type: 'query_arrived' }>): void {
    const { query: id, deadlineMs, timeoutMs, minAccuracy, payload } = event
    const nowMs = parts.nowMs()
    if (byId.has(id)) return
    const shape = shapes.pipelines.get(event.pipeline)
    if (shape === undefined) {
      const message = `Cannot serve ${event.pipeline}: no such pipeline`
      return refuse(id, { ok: false, reason: 'no_capable_node', message })
    }
    counters.arrived(shape.name)
    const counts = counters.pipelines.get(shape.name)!
    const { capacity: { layout }, tails } = outlook.capacity(nowMs)
    const number = islandNumber(layout, shape)
    const island = layout.islands[number]!
    const known = outlook.backlog(nowMs, number)
    const isShared = island.pipelines.size > 1
    const admitted = admit({
      shape,
      bestFloor: parts.bestFloor(shape),
      deadlineMs,
      timeoutMs,
      minAccuracy,
      draining,
      arrivals: parts.arrivals,
      full: counts.inFlight >= limits.maxQueries,
      island,
      tails,
      backlog: known,
      queries,
      pressure,
      door,
      comingMs: isShared ? coming.aheadMs(shape, deadlineMs - nowMs, island, tails) : undefined,
    }, nowMs)
    const isRefused = 'reason' in admitted
    if (!isRefused || !isHopeless(admitted)) {
      parts.asked(shape.name, floorOf(shape, minAccuracy))
      if (isShared) coming.came(shape.name, !isRefused, nowMs)
    }
    const { sloMs } = shape.pipeline
    const quickest = tails.quickest(shape.start, levelOf(shape, minAccuracy))
    const quickestMs = quickest?.chainMs ?? 0
    const lesson = lessonOf(timeoutMs ?? deadlineMs - nowMs, sloMs, quickestMs)
    const spareMs = Math.min(deadlineMs - nowMs - quickestMs, sloMs)
    haste.saw(spareMs)
    sharing.saw(shape, spareMs)
    if (isRefused) {
      counters.failed(shape.name, admitted.reason, lesson)
      refuse(id, admitted)
      if (admitted.reason !== 'infeasible_deadline') return
      const leftMs = deadlineMs - nowMs
      if (doubt.refused(shape, quickestMs, leftMs, counts.inFlight, nowMs)) parts.doubt(shape)
      return
    }
    const seq = arrivals++
    const { laxityMs, dueMs } = admitted
    const query = createQuery(
      { id, seq, shape, deadlineMs, minAccuracy, payload, laxityMs, dueMs, lesson },
      nowMs,
    )
    counts.inFlight++
    byId.set(id, query)
    query.aheadMs = admitted.aheadMs
    query.firstAheadMs = admitted.firstAheadMs
    query.scan = known.scan
    queries.insert(query)
    outlook.joined(query)
    enqueue([query.root])
  }

  function enqueue(items: readonly Item[]): void {
    const [first] = items
    if (first === undefined || first.query.closed) return
    const { task, query } = first
    if (waiting.count(task) + items.length > limits.maxItemsPerTask) {
      return fail(query, 'queue_full', `Cannot queue more items for ${task.name}`)
    }
    waiting.addNew(items, parts.nowMs())
  }

  return {
    door,
    coming,
    arrive,
    cancel(id) {
      const query = byId.get(id)
      if (query === undefined) return
      counters.pipelines.get(query.shape.name)!.cancelled++
      close(query)
    },
    drain() {
      draining = true
    },
    enqueue,
    fail,
    expire,
    finish,
  }
}

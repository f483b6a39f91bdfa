/**
 * Queries under way: each waits for exactly one answer.
 *
 * @module
 */
import type { Prefer } from '../../policy/core/elastic.ts'
import { createTable } from '../../policy/core/table.ts'
import type { Answer, QueryId } from '../../policy/core/types.ts'
import type { Deadlines } from '../core/deadlines.ts'
import type { Gone } from '../core/gone.ts'
import { createRoom, type Holder } from '../core/shares.ts'
import type { Payload } from '../nodes/payload.ts'
import type { Telemetry } from '../observe/metrics/telemetry.ts'
import type { QueryWatch, WatchedQuery } from '../observe/watch.ts'
import type { Post } from '../scheduler/driver.ts'
import type { OnText } from './streams.ts'

/** The scheduler's client for queries of this machine without a key. */
const HERE = 'here'

export interface QueryRequest extends WatchedQuery {
  /** Key or address that its bytes count for. */
  holder: Holder
  payload: Payload
  minAccuracy?: number
  prefer?: Prefer
  /** Weight of the query where work is planned, 0..1; 1 where absent. */
  share?: number
  /** Whether results without confirmation will do. */
  unverified?: boolean | undefined
  /** Watches for the client to leave, which cancels the query. */
  gone: Gone
  /** Called with the text of a task that generates, as it comes. */
  onText?: OnText
}

/** The one answer, and its time on the coordinator's clock. */
export interface Answered {
  answer: Answer
  answeredMs: number
  /** Energy of its batches, modelled; see `energy/meter.ts`. */
  modelledJ: number
}

/** After the deadline and this time without the scheduler's answer, the query is answered here. */
const GUARD_MS = 50
/** A query's client is watched only after this time: most queries are answered before. */
const WATCH_AFTER_MS = 50

/** Bytes of submitted pictures held at once; the scheduler bounds their number, not their size. */
const MAX_BYTES = 512 * 1024 * 1024
const ROOM = {
  ...{ most: MAX_BYTES, deed: 'take a query', what: 'bytes of pictures under way' },
  retryAfterMs: 1000,
}

interface Waiting {
  query: QueryId
  request: QueryRequest
  resolve(answered: Answered): void
  reject(reason: unknown): void
  /** Cancels the timer of what happens next if there is no answer. */
  cancelTimer: () => void
  /** Ends the watch for the client to leave. */
  unwatch: () => void
  /** Whether the scheduler knows the query. */
  isSubmitted: boolean
  /** Ends the query's stay in the pool, or its wait for a turn. */
  leave: () => void
}

const nothing = () => {}

/** Calls `begin` when it is a query's turn; returns a function that ends its stay, or its wait. */
export type Enter = (request: QueryRequest, begin: () => void) => () => void

/**
 * @param cancelled called with queries that end without the scheduler's answer
 * @param refuse the answer to a query that no node here could serve
 * @param joulesOf called once for each query
 */
export function createQueries(
  post: Post,
  now: () => number,
  deadlines: Deadlines,
  cancelled: (query: QueryId) => void,
  telemetry: Pick<Telemetry, 'answered' | 'cancelled'>,
  refuse: (request: QueryRequest) => Answer | undefined = () => undefined,
  watch?: QueryWatch,
  joulesOf: (query: QueryId, withResult: boolean) => number = () => 0,
  enter: Enter = (_, begin) => {
    begin()
    return nothing
  },
) {
  const waiting = createTable<QueryId, Waiting>()
  let serial = 0
  const room = createRoom(() => ROOM)

  function answered(
    query: QueryId,
    { pipeline, arrivedMs }: QueryRequest,
    answer: Answer,
  ): Answered {
    const answeredMs = now()
    telemetry.answered(pipeline, answer, answeredMs - arrivedMs)
    watch?.ended(query, answer, answeredMs)
    return { answer, answeredMs, modelledJ: joulesOf(query, answer.ok) }
  }

  /** False where the query was settled before. */
  function settle({ query, request, cancelTimer, unwatch, leave }: Waiting): boolean {
    if (!waiting.delete(query)) return false
    cancelTimer()
    unwatch()
    leave()
    room.take(-request.payload.bytes.byteLength, request.holder)
    return true
  }

  function arrive(query: QueryId, request: QueryRequest): void {
    const { payload, pipeline, arrivedMs, deadlineMs, minAccuracy, prefer, share } = request
    const { holder, unverified } = request
    post({
      type: 'query_arrived',
      query,
      pipeline,
      deadlineMs,
      timeoutMs: deadlineMs - arrivedMs,
      payload,
      ...(minAccuracy === undefined ? {} : { minAccuracy }),
      ...(prefer === undefined ? {} : { prefer }),
      ...(share === undefined ? {} : { share }),
      client: holder ?? HERE,
      ...(unverified === undefined ? {} : { unverified }),
    })
  }

  function give(one: Waiting, answer: Answer): void {
    if (settle(one)) one.resolve(answered(one.query, one.request, answer))
  }

  function cancel({ query, isSubmitted }: Waiting): void {
    if (!isSubmitted) return
    post({ type: 'query_cancelled', query })
    cancelled(query)
  }

  /** Watches the client, and answers in the scheduler's place where it is too late. */
  function watchClient(one: Waiting): void {
    const guardAtMs = one.request.deadlineMs + GUARD_MS
    if (now() >= guardAtMs) return guard(one)
    one.cancelTimer = deadlines.at(guardAtMs, () => guard(one))
    one.unwatch = one.request.gone((why) => {
      if (!settle(one)) return
      cancel(one)
      const { pipeline, arrivedMs } = one.request
      const leftMs = now()
      telemetry.cancelled(pipeline, leftMs - arrivedMs)
      watch?.ended(one.query, undefined, leftMs)
      one.reject(why)
    })
    // The client was gone already: `unwatch` was not set yet when the query was settled.
    if (!waiting.has(one.query)) one.unwatch()
  }

  function guard(one: Waiting): void {
    if (!settle(one)) return
    cancel(one)
    one.resolve(answered(one.query, one.request, tooLate))
  }

  return {
    get size() {
      return waiting.size
    },

    has: (query: QueryId) => waiting.has(query),
    onTextOf: (query: QueryId) => waiting.get(query)?.request.onText,
    requestOf: (query: QueryId) => waiting.get(query)?.request,

    /** Resolves with the one answer; rejects only with the reason why the client left. */
    submit(request: QueryRequest): Promise<Answered> {
      const { payload, arrivedMs, deadlineMs, holder } = request
      const { byteLength } = payload.bytes
      const query = String(serial + 1)
      watch?.began(query, request)
      const crowded = room.refusal(byteLength, holder)
      const refused = crowded === undefined ? refuse(request) : { ok: false as const, ...crowded }
      if (refused !== undefined) return Promise.resolve(answered(query, request, refused))
      room.take(byteLength, holder)
      serial += 1
      return new Promise((resolve, reject) => {
        const one: Waiting = {
          ...{ query, request, resolve, reject, isSubmitted: false },
          ...{ cancelTimer: nothing, unwatch: nothing, leave: nothing },
        }
        const watchAtMs = Math.min(arrivedMs + WATCH_AFTER_MS, deadlineMs + GUARD_MS)
        one.cancelTimer = deadlines.at(watchAtMs, () => watchClient(one))
        waiting.set(query, one)
        one.leave = enter(request, () => {
          one.isSubmitted = true
          arrive(query, request)
        })
      })
    },

    answer(query: QueryId, answer: Answer) {
      const one = waiting.get(query)
      if (one !== undefined) give(one, answer)
    },

    /** Answers all queries that are left when the coordinator shuts down. */
    endAll() {
      for (const one of waiting.values()) give(one, shutDown)
    },
  }
}

const tooLate: Answer = {
  ok: false,
  reason: 'deadline_exceeded',
  message: 'Cannot answer in time: the deadline has passed',
}

const shutDown: Answer = {
  ok: false,
  reason: 'draining',
  message: 'Cannot answer: the coordinator shut down before this query was through',
}

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
import type { Hear } from './streams.ts'

/** Whom queries of this machine without a key count for, to the scheduler. */
const HERE = 'here'

export interface QueryRequest extends WatchedQuery {
  /** Whom its bytes count for. */
  holder: Holder
  payload: Payload
  minAccuracy?: number
  prefer?: Prefer
  /** As how much of a query it counts where work is planned, 0..1; 1 where absent. */
  share?: number
  /** Results that nobody confirmed will do. */
  unverified?: boolean | undefined
  /** Tells when the client goes away, which cancels what is queued for the query. */
  gone: Gone
  /** Told of the text of a task that generates as it comes. */
  hear?: Hear
}

/** The one answer, and when it was given on the coordinator's clock. */
export interface Answered {
  answer: Answer
  answeredMs: number
  /** What its batches took, modelled; see `energy/meter.ts`. */
  modelledJ: number
}

/** What the scheduler never told by then is told by the shell. */
const GUARD_MS = 50
/** Whether a query's client is still there is of interest only then: most are answered before. */
const LOOK_AFTER_MS = 50

/** Bytes of submitted pictures held at once; the scheduler bounds their number, not their size. */
const MAX_BYTES_INSIDE = 512 * 1024 * 1024
const INSIDE = {
  ...{ most: MAX_BYTES_INSIDE, deed: 'take a query', what: 'bytes of pictures inside' },
  retryAfterMs: 1000,
}

interface Waiting {
  query: QueryId
  request: QueryRequest
  resolve(answered: Answered): void
  reject(reason: unknown): void
  /** Calls off what happens next if there is no answer. */
  callOff: () => void
  /** Calls off that it is told when the client goes away. */
  unwatch: () => void
  /** Whether the scheduler knows of it. */
  isInside: boolean
  /** Ends its stay, or its wait to go inside. */
  leave: () => void
}

const nothing = () => {}

/** Calls `begin` when a query may go inside; returns what ends its stay, or its wait. */
export type Enter = (request: QueryRequest, begin: () => void) => () => void

/**
 * @param cancelled told of queries that end without the scheduler's answer
 * @param refuse the answer to what nobody here could do, whatever the scheduler said
 * @param joulesOf asked once of each query
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
  const inside = createRoom(() => INSIDE)

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

  /** False when it was before. */
  function settle({ query, request, callOff, unwatch, leave }: Waiting): boolean {
    if (!waiting.delete(query)) return false
    callOff()
    unwatch()
    leave()
    inside.take(-request.payload.bytes.byteLength, request.holder)
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

  function cancel({ query, isInside }: Waiting): void {
    if (!isInside) return
    post({ type: 'query_cancelled', query })
    cancelled(query)
  }

  /** Whether the client is still there; at last, whether it is time. */
  function look(one: Waiting): void {
    const guardAtMs = one.request.deadlineMs + GUARD_MS
    if (now() >= guardAtMs) return guard(one)
    one.callOff = deadlines.at(guardAtMs, () => guard(one))
    one.unwatch = one.request.gone((why) => {
      if (!settle(one)) return
      cancel(one)
      const { pipeline, arrivedMs } = one.request
      const leftMs = now()
      telemetry.cancelled(pipeline, leftMs - arrivedMs)
      watch?.ended(one.query, undefined, leftMs)
      one.reject(why)
    })
    // Told at once: there was nothing to call off yet.
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
    hearOf: (query: QueryId) => waiting.get(query)?.request.hear,
    requestOf: (query: QueryId) => waiting.get(query)?.request,

    /** Resolves with the one answer; rejects only with why the client left. */
    submit(request: QueryRequest): Promise<Answered> {
      const { payload, arrivedMs, deadlineMs, holder } = request
      const { byteLength } = payload.bytes
      const query = String(serial + 1)
      watch?.began(query, request)
      const crowded = inside.refusal(byteLength, holder)
      const refused = crowded === undefined ? refuse(request) : { ok: false as const, ...crowded }
      if (refused !== undefined) return Promise.resolve(answered(query, request, refused))
      inside.take(byteLength, holder)
      serial += 1
      return new Promise((resolve, reject) => {
        const one: Waiting = {
          ...{ query, request, resolve, reject, isInside: false },
          ...{ callOff: nothing, unwatch: nothing, leave: nothing },
        }
        const lookAtMs = Math.min(arrivedMs + LOOK_AFTER_MS, deadlineMs + GUARD_MS)
        one.callOff = deadlines.at(lookAtMs, () => look(one))
        waiting.set(query, one)
        one.leave = enter(request, () => {
          one.isInside = true
          arrive(query, request)
        })
      })
    },

    answer(query: QueryId, answer: Answer) {
      const one = waiting.get(query)
      if (one !== undefined) give(one, answer)
    },

    /** Answers all that are left: nobody works on them any more. */
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

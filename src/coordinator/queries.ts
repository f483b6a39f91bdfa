/**
 * Queries under way: each waits for exactly one answer.
 *
 * @module
 */
import { createTable } from '../policy/table.ts'
import type { Answer, QueryId } from '../policy/types.ts'
import type { Deadlines } from './deadlines.ts'
import type { Post } from './driver.ts'
import type { Telemetry } from './metrics/telemetry.ts'
import type { Payload } from './payload.ts'

export interface QueryRequest {
  pipeline: string
  payload: Payload
  /** On the coordinator's clock, as the deadline. */
  arrivedMs: number
  /** Absolute, on the coordinator's clock. */
  deadlineMs: number
  minAccuracy?: number
  /** Gives what is aborted when the client goes away, and cancels what is queued for the query. */
  gone: () => AbortSignal
}

/** The one answer, and when it was given on the coordinator's clock. */
export interface Answered {
  answer: Answer
  answeredMs: number
}

/** What the scheduler never told by then is told by the shell. */
const GUARD_MS = 50
/** Whether a query's client is still there is of interest only then: most are answered before. */
const LOOK_AFTER_MS = 50

/** Bytes of submitted pictures held at once; the scheduler bounds their number, not their size. */
const MAX_BYTES_INSIDE = 512 * 1024 * 1024

/** @param cancelled told of queries that end without the scheduler's answer */
export function createQueries(
  post: Post,
  now: () => number,
  deadlines: Deadlines,
  cancelled: (query: QueryId) => void,
  telemetry: Pick<Telemetry, 'answered' | 'cancelled'>,
) {
  const waiting = createTable<QueryId, (answer: Answer) => void>()
  let serial = 0
  let bytesInside = 0

  return {
    get size() {
      return waiting.size
    },

    has: (query: QueryId) => waiting.has(query),

    /** Resolves with the one answer; rejects only with the signal's reason. */
    submit(request: QueryRequest): Promise<Answered> {
      const { gone, payload, pipeline, arrivedMs, deadlineMs, minAccuracy } = request
      serial += 1
      const query = String(serial)
      const { byteLength } = payload.bytes
      const answered = (answer: Answer): Answered => {
        const answeredMs = now()
        telemetry.answered(pipeline, answer, answeredMs - arrivedMs)
        return { answer, answeredMs }
      }
      if (bytesInside + byteLength > MAX_BYTES_INSIDE) {
        return Promise.resolve(answered(tooMuchInside))
      }
      bytesInside += byteLength
      return new Promise((resolve, reject) => {
        const give = (answer: Answer) => resolve(answered(answer))
        let watched: AbortSignal | undefined
        const settle = () => {
          callOff()
          watched?.removeEventListener('abort', leave)
          const first = waiting.delete(query)
          if (first) bytesInside -= byteLength
          return first
        }
        const cancel = () => {
          post({ type: 'query_cancelled', query })
          cancelled(query)
        }
        const leave = () => {
          if (!settle()) return
          cancel()
          telemetry.cancelled(pipeline, now() - arrivedMs)
          reject(watched!.reason)
        }
        const guardAtMs = deadlineMs + GUARD_MS
        const guard = () => {
          if (!settle()) return
          cancel()
          give(tooLate)
        }
        const look = () => {
          if (now() >= guardAtMs) return guard()
          callOff = deadlines.at(guardAtMs, guard)
          watched = gone()
          if (watched.aborted) leave()
          else watched.addEventListener('abort', leave, { once: true })
        }
        let callOff = deadlines.at(Math.min(now() + LOOK_AFTER_MS, guardAtMs), look)
        waiting.set(query, (answer) => {
          settle()
          give(answer)
        })
        post({
          type: 'query_arrived',
          query,
          pipeline,
          deadlineMs,
          payload,
          ...(minAccuracy === undefined ? {} : { minAccuracy }),
        })
      })
    },

    answer(query: QueryId, answer: Answer) {
      waiting.get(query)?.(answer)
    },

    /** Answers all that are left: nobody works on them any more. */
    endAll() {
      for (const answer of waiting.values()) answer(shutDown)
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

const tooMuchInside: Answer = {
  ok: false,
  reason: 'queue_full',
  message: `Cannot take a query: the pictures inside fill ${MAX_BYTES_INSIDE} bytes`,
  retryAfterMs: 1000,
}

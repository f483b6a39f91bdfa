/**
 * Has bodies read: small ones at once, and what is large or compressed in a worker, one after
 * another, so that no request keeps the event loop, on which every link and every deadline depends.
 *
 * @module
 */
import { transfer } from 'comlink'
import { ApiError } from '../../core/api_error.ts'
import type { Deadlines } from '../../core/deadlines.ts'
import { createWorkerCalls } from '../../core/worker_calls.ts'
import { bodyRoom } from '../../http/bodies/body.ts'
import type { Encoding } from '../../http/bodies/inflate.ts'
import type { BodyRoom } from '../../http/bodies/room.ts'
import type { BodyQuery } from '../oip/request.ts'
import { type Form, readQuery } from './query.ts'
import { type Outcome, readOutcome } from './reading.ts'

/** Bodies up to this are read in less time than it takes to have a worker do it, or not much more. */
export const SMALL_BYTES = 256 * 1024
/**
 * Longest time that one body keeps the worker, which ends with it. None takes more than a second or
 * two; a machine may be busy.
 */
const MAX_READ_MS = 30_000

export interface BodyOf {
  form: Form
  bytes: Uint8Array
  encoding: Encoding | undefined
  /** When whoever sent it has to have an answer. */
  lateMs: number
  /** Of a caller elsewhere. */
  address: string | undefined
}

export interface BodyReader {
  /** @throws ApiError for what is no query, or where it was not read in time or has no room to wait */
  read(body: BodyOf): BodyQuery | Promise<BodyQuery>
  /** Those that wait are not read any more. */
  stop(): void
}

export interface BodyReaderOptions {
  now: () => number
  deadlines: Deadlines
  /** Starts `workers/bodies.ts`; called when there is something for it. Without, all is read here. */
  createWorker?: (() => Worker) | undefined
  room?: BodyRoom
}

interface Job extends BodyOf {
  resolve(query: BodyQuery): void
  reject(error: unknown): void
}

export function createBodyReader(options: BodyReaderOptions): BodyReader {
  const { now, deadlines, createWorker, room = bodyRoom } = options
  const waiting: Job[] = []
  let busy = false
  const calls = createWorker && createWorkerCalls<typeof readOutcome>({
    ...{ createWorker, now, deadlines, what: 'read a body' },
  })

  /** @throws Error where the worker died, or had to be ended */
  async function outcomeOf({ form, bytes, encoding }: Job): Promise<Outcome> {
    if (calls === undefined) return await readOutcome(form, bytes, encoding)
    const sent = transfer(bytes, [bytes.buffer as ArrayBuffer])
    return await calls.call(MAX_READ_MS, async (read) => await read(form, sent, encoding))
  }

  async function work(): Promise<void> {
    if (busy) return
    busy = true
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const { byteLength } = job.bytes
      try {
        const outcome = await outcomeOf(job)
        if (outcome.ok) job.resolve(outcome.query)
        else {
          const { reason, message, param } = outcome
          job.reject(new ApiError(reason, message, undefined, param))
        }
      } catch (error) {
        job.reject(error)
      } finally {
        room.hold(-byteLength, job.address)
      }
    }
    busy = false
  }

  function readLater(body: BodyOf): Promise<BodyQuery> {
    const { bytes: { byteLength }, lateMs, address } = body
    room.hold(byteLength, address)
    const { promise, resolve, reject } = Promise.withResolvers<BodyQuery>()
    const job: Job = { ...body, resolve, reject }
    const callOff = deadlines.at(lateMs, () => {
      reject(new ApiError('deadline_exceeded', 'Cannot answer in time: the body took too long'))
      // One that is being read has its room until that has ended.
      const at = waiting.indexOf(job)
      if (at < 0) return
      waiting.splice(at, 1)
      room.hold(-byteLength, address)
    })
    waiting.push(job)
    void work()
    return promise.finally(callOff)
  }

  return {
    read: (body) =>
      body.encoding === undefined && body.bytes.byteLength <= SMALL_BYTES
        ? readQuery(body.form, body.bytes)
        : readLater(body),
    stop() {
      const why = new ApiError('draining', 'Cannot take a query: shutting down')
      for (const { reject, bytes, address } of waiting.splice(0)) {
        room.hold(-bytes.byteLength, address)
        reject(why)
      }
      calls?.end(why)
    },
  }
}

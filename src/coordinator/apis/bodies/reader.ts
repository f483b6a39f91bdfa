/**
 * Reads bodies: small ones at once, large or compressed ones in a worker, one after another, so
 * that no request holds the event loop, on which every link and every deadline depends.
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

/** Bodies up to this size are read here about as quickly as in a worker. */
export const SMALL_BYTES = 256 * 1024
/**
 * Longest time of one body in the worker, which is ended with it. None takes more than a second or
 * two; a machine may be busy.
 */
const MAX_READ_MS = 30_000

export interface BodyOf {
  form: Form
  bytes: Uint8Array
  encoding: Encoding | undefined
  /** The deadline of the answer. */
  lateMs: number
  /** Key or address of the caller; absent for this machine. */
  address: string | undefined
}

export interface BodyReader {
  /**
   * @throws ApiError for an invalid body, or one that was not read in time or has no room to wait
   */
  read(body: BodyOf): BodyQuery | Promise<BodyQuery>
  /** Refuses the bodies that wait. */
  stop(): void
}

export interface BodyReaderOptions {
  now: () => number
  deadlines: Deadlines
  /**
   * Starts `workers/bodies.ts`; called when there is a body for it. Without it all bodies are read
   * here.
   */
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
    const cancelTimer = deadlines.at(lateMs, () => {
      reject(new ApiError('deadline_exceeded', 'Cannot answer in time: the body took too long'))
      // A body that is being read holds its room until the read has ended.
      const at = waiting.indexOf(job)
      if (at < 0) return
      waiting.splice(at, 1)
      room.hold(-byteLength, address)
    })
    waiting.push(job)
    void work()
    return promise.finally(cancelTimer)
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

/**
 * Documents of calls that wait for them, counted and cut into parts in workers: one for each document,
 * of which a few are open at once. Each step is raced against the deadline of its call and the end of
 * its worker.
 *
 * @module
 */
import { type Remote, wrap } from 'comlink'
import type { Documents, Fault, Part } from '../../documents/documents.ts'
import { ApiError } from '../api_error.ts'
import type { Deadlines } from '../deadlines.ts'

/** Documents that are open at once, each in memory of a worker. */
const MOST_OPEN = 2
/** Calls that wait for one of them to be closed. */
const MOST_WAITING = 32
const RETRY_MS = 1000
/** Longest time that one step keeps a worker, however far the deadline is. */
const STEP_MS = 60_000

export interface OpenDocument {
  pages: number
  /** @throws ApiError */
  part(from: number, count: number): Promise<Part>
  /** Ends its worker; more than once does no harm. */
  close(): void
}

export interface Cutter {
  /**
   * @param lateMs when the call has to have its answer
   * @throws ApiError for what is no document, or where it was not opened in time
   */
  open(bytes: Uint8Array, lateMs: number): Promise<OpenDocument>
}

export interface CutterOptions {
  /** Starts `workers/documents.ts`. */
  createWorker: () => Worker
  deadlines: Deadlines
  now: () => number
}

export function createCutter({ createWorker, deadlines, now }: CutterOptions): Cutter {
  const waiting: (() => void)[] = []
  let open = 0

  async function enter(lateMs: number): Promise<void> {
    if (open < MOST_OPEN) {
      open++
      return
    }
    if (waiting.length >= MOST_WAITING) {
      const message = `Cannot open the document: over ${MOST_WAITING} others wait to be opened`
      throw new ApiError('queue_full', message, RETRY_MS)
    }
    const turn = Promise.withResolvers<void>()
    waiting.push(turn.resolve)
    const callOff = deadlines.at(lateMs, () => {
      const at = waiting.indexOf(turn.resolve)
      if (at < 0) return
      waiting.splice(at, 1)
      turn.reject(late())
    })
    await turn.promise.finally(callOff)
  }

  /** Whose turn it is has the place of the one that leaves. */
  function leave(): void {
    const next = waiting.shift()
    if (next === undefined) open--
    else next()
  }

  return {
    async open(bytes, lateMs) {
      await enter(lateMs)
      const one = startWorker({ createWorker, deadlines, now }, lateMs, leave)
      try {
        const { pages } = await one.call((documents) => documents.open(bytes))
        return {
          pages,
          part: (from, count) => one.call((documents) => documents.part(from, count)),
          close: one.end,
        }
      } catch (error) {
        one.end()
        throw error
      }
    },
  }
}

const late = () =>
  new ApiError('deadline_exceeded', 'Cannot answer in time: the document took too long to open')

function startWorker(
  { createWorker, deadlines, now }: CutterOptions,
  lateMs: number,
  left: () => void,
) {
  const over = Promise.withResolvers<never>()
  over.promise.catch(() => {})
  let worker: Worker | undefined
  let documents: Remote<Documents> | undefined
  let turn: Promise<unknown> = Promise.resolve()

  function stop(why: unknown): void {
    over.reject(why)
    end()
  }

  function end(): void {
    if (worker === undefined) return
    worker.terminate()
    worker = undefined
    over.reject(new ApiError('internal', 'Cannot read the document: it was closed'))
    left()
  }

  try {
    worker = createWorker()
    worker.onerror = (event) => {
      event.preventDefault()
      stop(new ApiError('internal', `Cannot read the document: its worker died: ${event.message}`))
    }
    documents = wrap<Documents>(worker)
  } catch (error) {
    left()
    throw error
  }
  const opened = documents

  return {
    end,
    /** One after another. @throws ApiError */
    call<T extends { ok: true }>(
      ask: (documents: Remote<Documents>) => Promise<T | Fault>,
    ): Promise<T> {
      const result = turn.then(async () => {
        const callOff = deadlines.at(Math.min(lateMs, now() + STEP_MS), () => stop(late()))
        const answered = await Promise.race([ask(opened), over.promise]).finally(callOff)
        if (answered.ok) return answered
        const { reason, message } = answered
        throw new ApiError(reason === 'encrypted' ? 'invalid_input' : reason, message)
      })
      turn = result.catch(() => {})
      return result
    },
  }
}

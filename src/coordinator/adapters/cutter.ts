/**
 * Documents of calls that wait for them, counted and cut into parts in workers: one for each document,
 * of which a few are open at once. Each step is raced against the deadline of its call and the end of
 * its worker.
 *
 * @module
 */
import type { Documents, Fault, Part } from '../../documents/documents.ts'
import { ApiError } from '../api_error.ts'
import type { Deadlines } from '../deadlines.ts'
import { createDocuments } from '../documents/worker.ts'

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
      const one = supervised({ createWorker, deadlines, now }, lateMs, leave)
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

/** One document in a worker of its own, until the deadline of its call. */
function supervised(
  { createWorker, deadlines, now }: CutterOptions,
  lateMs: number,
  left: () => void,
) {
  const limitsMs = { open: STEP_MS, part: STEP_MS }
  const documents = createDocuments({ createWorker, deadlines, now, limitsMs })
  const over = Promise.withResolvers<never>()
  over.promise.catch(() => {})
  let isOpen = true
  const callOff = deadlines.at(lateMs, () => {
    over.reject(late())
    end()
  })

  function end(): void {
    if (!isOpen) return
    isOpen = false
    callOff()
    documents.stop()
    left()
  }

  return {
    end,
    /** @throws ApiError */
    async call<T extends { ok: true }>(answering: (documents: Documents) => Promise<T | Fault>) {
      const answered = await Promise.race([over.promise, answering(documents)])
      if (answered.ok) return answered
      const { reason, message } = answered
      throw new ApiError(reason === 'encrypted' ? 'invalid_input' : reason, message)
    },
  }
}

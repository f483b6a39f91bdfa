/**
 * Calls into a worker, one after another, each raced against a time limit and the worker's death.
 * After either the worker is ended, and the next call has a new one.
 *
 * @module
 */
import { type Remote, wrap } from 'comlink'
import type { Deadlines } from './deadlines.ts'

export interface WorkerCalls<Api> {
  /** @throws Error where the worker died, or had to be ended */
  call<T>(limitMs: number, work: (api: Remote<Api>) => Promise<T>): Promise<T>
  /** Ends the worker, and with it the call under way. */
  end(why: unknown): void
}

export interface WorkerCallsOptions {
  /** Called when there is a call for the worker. */
  createWorker: () => Worker
  now: () => number
  deadlines: Deadlines
  /** The work in errors, as `read a body`. */
  what: string
  /** Whether the worker is ended, and its memory freed, when no call waits. */
  endsIdle?: boolean
}

export function createWorkerCalls<Api>(options: WorkerCallsOptions): WorkerCalls<Api> {
  const { createWorker, now, deadlines, what, endsIdle = false } = options
  let running: { worker: Worker; api: Remote<Api> } | undefined
  let rejectCall = (_why: unknown) => {}
  /** The end of the last call, and the number of calls that have not ended. */
  let turn: Promise<unknown> = Promise.resolve()
  let open = 0

  function end(why: unknown): void {
    running?.worker.terminate()
    running = undefined
    rejectCall(why)
  }

  const fail = (why: string) => end(new Error(`Cannot ${what}: its worker ${why}`))

  function start() {
    const worker = createWorker()
    worker.onerror = (event) => {
      event.preventDefault()
      fail(`died: ${event.message}`)
    }
    return { worker, api: wrap<Api>(worker) }
  }

  async function callNow<T>(limitMs: number, work: (api: Remote<Api>) => Promise<T>): Promise<T> {
    const over = Promise.withResolvers<never>()
    rejectCall = over.reject
    const cancelTimer = deadlines.at(now() + limitMs, () => fail('took too long'))
    try {
      const { api } = running ??= start()
      return await Promise.race([work(api), over.promise])
    } finally {
      cancelTimer()
      rejectCall = () => {}
      if (--open === 0 && endsIdle) end(undefined)
    }
  }

  return {
    end,
    call(limitMs, work) {
      const isFree = open++ === 0
      const result = isFree ? callNow(limitMs, work) : turn.then(() => callNow(limitMs, work))
      turn = result.catch(() => {})
      return result
    },
  }
}

/**
 * Writes rows of jobs into the store, in its worker, one transaction after another: changes that
 * come while one is under way go into the next.
 *
 * @module
 */
import { type Remote, wrap } from 'comlink'
import type { Log } from '../core/log.ts'
import type { RecordChange } from '../store/records.ts'
import type { StoreWriter } from '../store/writer.ts'

export interface Ledger {
  /** Resolves once the changes are written; rejects where a write failed, which is tried again. */
  put(changes: readonly RecordChange[]): Promise<void>
  /** Resolves when the rest is written, or took too long. */
  close(): Promise<void>
}

/** A disk that takes longer counts as dead, and its worker is ended. */
const PUT_MS = 30_000
const RETRY_MS = 5000
const CLOSE_MS = 2000

/** The ledger of a coordinator without a store. */
export const forgetful: Ledger = {
  put: () => Promise.resolve(),
  close: () => Promise.resolve(),
}

/** @param createWorker starts `workers/store.ts`; called when there are changes */
export function createLedger(path: string, createWorker: () => Worker, log: Log): Ledger {
  let waiting = new Map<string, RecordChange>()
  let listeners: { resolve(): void; reject(error: unknown): void }[] = []
  let running: { worker: Worker; writer: Remote<StoreWriter>; died: Promise<never> } | undefined
  let busy: Promise<void> | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  let hasFailed = false

  function start() {
    const worker = createWorker()
    const dying = Promise.withResolvers<never>()
    dying.promise.catch(() => {})
    worker.onerror = (event) => {
      event.preventDefault()
      dying.reject(new Error(event.message))
    }
    return { worker, writer: wrap<StoreWriter>(worker), died: dying.promise }
  }

  async function write(changes: RecordChange[]): Promise<void> {
    const { writer, died, worker } = running ??= start()
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`nothing was written in ${PUT_MS} ms`)), PUT_MS)
    })
    try {
      await Promise.race([writer.put(path, changes), died, late])
    } catch (error) {
      worker.terminate()
      running = undefined
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  async function flush(): Promise<void> {
    clearTimeout(retry)
    while (waiting.size > 0) {
      const [changes, waiters] = [waiting, listeners]
      waiting = new Map()
      listeners = []
      try {
        await write([...changes.values()])
        for (const { resolve } of waiters) resolve()
        if (hasFailed) {
          log('what becomes of jobs is kept again', 'info', { event: 'store_recovered' })
        }
        hasFailed = false
      } catch (error) {
        // Changes of the same rows that came meanwhile are newer.
        waiting = new Map([...changes, ...waiting])
        for (const { reject } of waiters) reject(error)
        if (!hasFailed) {
          log(`what becomes of jobs is not kept: ${(error as Error).message}`, 'warn', {
            event: 'store_failed',
          })
        }
        hasFailed = true
        retry = setTimeout(run, RETRY_MS)
        return
      }
    }
  }

  function run(): void {
    busy ??= flush().finally(() => {
      busy = undefined
      if (listeners.length > 0) run()
    })
  }

  return {
    put(changes) {
      for (const change of changes) waiting.set(`${change[0]} ${change[1]}`, change)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      listeners.push({ resolve, reject })
      run()
      return promise
    },
    async close() {
      let patience: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<void>((done) => patience = setTimeout(done, CLOSE_MS))
      const last = async () => {
        await busy
        if (waiting.size > 0) await flush()
        await running?.writer.close()
      }
      await Promise.race([last().catch(() => {}), late])
      clearTimeout(patience)
      clearTimeout(retry)
      running?.worker.terminate()
    },
  }
}

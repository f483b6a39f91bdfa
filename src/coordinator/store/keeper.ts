/**
 * Keeps what the scheduler learns: every few seconds a copy goes to a worker that writes it, so that
 * no query waits for a disk.
 *
 * @module
 */
import { type Remote, wrap } from 'comlink'
import type { Memory } from '../../policy/memory.ts'
import type { Log } from '../log.ts'
import type { StoreWriter } from './writer.ts'

export interface Keeper {
  /** Writes the rest. Resolves when it is on disk, or given up. */
  close(): Promise<void>
}

const SAVE_MS = 5000
/** A disk that takes longer will not hold up an end. */
const CLOSE_MS = 2000

/** @param createWorker starts `workers/store.ts` */
export function createKeeper(
  path: string,
  memory: () => Memory,
  createWorker: () => Worker,
  log: Log,
  saveMs = SAVE_MS,
): Keeper {
  const worker = createWorker()
  const writer: Remote<StoreWriter> = wrap<StoreWriter>(worker)
  let busy = false
  let failed = false

  function fail(error: unknown): void {
    if (failed) return
    failed = true
    clearInterval(timer)
    log(`what is learned is not kept: ${(error as Error).message}`, 'warn', {
      event: 'store_failed',
    })
  }

  worker.onerror = (event) => {
    event.preventDefault()
    fail(new Error(event.message))
  }

  async function save(): Promise<void> {
    // A slow disk gets the next copy when it is done with the last.
    if (busy || failed) return
    busy = true
    try {
      await writer.save(memory())
    } catch (error) {
      fail(error)
    } finally {
      busy = false
    }
  }

  const opened = Promise.resolve(writer.open(path)).catch(fail)
  const timer = setInterval(() => void save(), saveMs)

  return {
    async close() {
      clearInterval(timer)
      let patience: ReturnType<typeof setTimeout> | undefined
      const late = new Promise<void>((done) => patience = setTimeout(done, CLOSE_MS))
      const rest = async () => {
        await opened
        if (failed) return
        await writer.save(memory())
        await writer.close()
      }
      await Promise.race([rest().catch(fail), late])
      clearTimeout(patience)
      worker.terminate()
    },
  }
}

/**
 * Jobs of a coordinator: kept beside its store, or without one for as long as it runs.
 *
 * @module
 */
import { extname } from 'node:path'
import { Jobs } from '../../coordinator/jobs/jobs.ts'
import { createLedger } from '../../coordinator/jobs/ledger.ts'
import type { Log } from '../../coordinator/core/log.ts'
import type { Pool } from '../../coordinator/pool/pool.ts'
import { openDatabase } from '../../coordinator/store/database.ts'
import type { Records } from '../../coordinator/store/records.ts'

export interface JobsSetting {
  /** Starts another worker for documents than `workers/documents.ts`. */
  createDocuments?: () => Worker
  /** Waits before each further call of a webhook. */
  webhookWaitsMs?: readonly number[]
}

export interface KeptJobs {
  jobs: Jobs
  close(): Promise<void>
}

export const createDocuments = (): Worker =>
  new Worker(new URL('../../../workers/documents.ts', import.meta.url), { type: 'module' })

const createBatches = (): Worker =>
  new Worker(new URL('../../../workers/batches.ts', import.meta.url), { type: 'module' })

/** @param store file that keeps what becomes of them; none where undefined */
export function keepJobs(
  store: string | undefined,
  parts: { pool: Pool; now: () => number; log: Log },
  setting: JobsSetting,
): KeptJobs {
  const createWorker = () =>
    new Worker(new URL('../../../workers/store.ts', import.meta.url), { type: 'module' })
  let temporary: string | undefined
  const jobs = new Jobs({
    createDocuments,
    createBatches,
    ...parts,
    ...setting,
    dir: async () => {
      if (store !== undefined) return folderOf(store)
      return temporary = await Deno.makeTempDir({ prefix: 'shoal-jobs-' })
    },
    ...store === undefined ? {} : {
      records: readRecords(store, parts.log),
      ledger: createLedger(store, createWorker, parts.log),
    },
  })
  return {
    jobs,
    async close() {
      await jobs.close()
      if (temporary !== undefined) await Deno.remove(temporary, { recursive: true })
    },
  }
}

/** `.shoal/coordinator.sqlite` has its jobs in `.shoal/coordinator.jobs`. */
const folderOf = (store: string): string =>
  `${store.slice(0, store.length - extname(store).length)}.jobs`

/** Once the store was read, and set aside where it could not be. */
function readRecords(path: string, log: Log): Records {
  try {
    const database = openDatabase(path)
    try {
      return database.records()
    } finally {
      database.close()
    }
  } catch (error) {
    log(`jobs cannot be read: ${(error as Error).message}`, 'warn', { event: 'store_failed' })
    return []
  }
}

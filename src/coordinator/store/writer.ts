/**
 * The store's worker: writes memories and rows of jobs, one after another.
 *
 * @module
 */
import type { Memory } from '../../policy/core/memory.ts'
import { type Database, openDatabase } from './database.ts'
import type { RecordChange } from './records.ts'

export interface StoreWriter {
  /** Writes a memory; opens the store where it is not open. */
  save(path: string, memory: Memory): void
  /** Writes rows of jobs; see `records.ts`. */
  put(path: string, changes: readonly RecordChange[]): void
  close(): void
}

export function createStoreWriter(): StoreWriter {
  let database: Database | undefined

  function close(): void {
    const open = database
    database = undefined
    open?.close()
  }

  function write(path: string, work: (database: Database) => void): void {
    database ??= openDatabase(path)
    try {
      work(database)
    } catch (error) {
      // After any error the next write opens the store anew.
      close()
      throw error
    }
  }

  return {
    save: (path, memory) => write(path, (database) => database.save(memory)),
    put: (path, changes) => write(path, (database) => database.put(changes)),
    close,
  }
}

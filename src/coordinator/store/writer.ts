/**
 * What runs in the store's worker: writes memories, one after another.
 *
 * @module
 */
import type { Memory } from '../../policy/core/memory.ts'
import { type Database, openDatabase } from './database.ts'

export interface StoreWriter {
  /** Opens the store where it is not open. */
  save(path: string, memory: Memory): void
  close(): void
}

export function createStoreWriter(): StoreWriter {
  let database: Database | undefined

  function close(): void {
    const open = database
    database = undefined
    open?.close()
  }

  return {
    save(path, memory) {
      database ??= openDatabase(path)
      try {
        database.save(memory)
      } catch (error) {
        // Whatever it was, the next time is begun from the start.
        close()
        throw error
      }
    },
    close,
  }
}

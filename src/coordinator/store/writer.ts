/**
 * What runs in the store's worker: writes memories, one after another.
 *
 * @module
 */
import type { Memory } from '../../policy/memory.ts'
import { type Database, openDatabase } from './database.ts'

export interface StoreWriter {
  open(path: string): void
  save(memory: Memory): void
  close(): void
}

export function createStoreWriter(now: () => number = Date.now): StoreWriter {
  let database: Database | undefined
  return {
    open(path) {
      database = openDatabase(path)
    },
    save: (memory) => database?.save(memory, now()),
    close() {
      database?.close()
      database = undefined
    },
  }
}

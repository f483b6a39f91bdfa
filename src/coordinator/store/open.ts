/**
 * Reads the store, and has another begun in its place where it cannot be used.
 *
 * @module
 */
import type { Memory } from '../../policy/memory.ts'
import { openDatabase } from './database.ts'
import { UnusableStoreError } from './ours.ts'

/**
 * @throws ForeignFileError where the file is none of ours; another where it may be good and cannot be
 * opened
 * @param warn told, in words, where an old file was set aside
 * @param rename moves the file away, out of reach of the next start
 */
export function readOrReplace(
  path: string,
  warn: (line: string) => void,
  rename: (from: string, to: string) => void,
): Memory {
  try {
    return read(path)
  } catch (error) {
    // One that another coordinator uses just now is as good as ever.
    if (!(error instanceof UnusableStoreError)) throw error
    const aside = `${path}.unusable`
    rename(path, aside)
    warn(`${error.message}; it is kept as ${aside}, and what was learned begins anew`)
    return read(path)
  }
}

function read(path: string): Memory {
  const database = openDatabase(path)
  try {
    return database.load()
  } finally {
    database.close()
  }
}

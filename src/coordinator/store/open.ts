/**
 * Reads the store, and has another begun in its place where it cannot be used.
 *
 * @module
 */
import type { Memory } from '../../policy/core/memory.ts'
import { openDatabase } from './database.ts'
import { UnusableStoreError } from './ours.ts'

/** In words, and as machines read it. */
type Warn = (line: string, event: string) => void

/**
 * @throws ForeignFileError where the file is none of ours; another where it may be good and cannot be
 * opened
 * @param warn told, in words, where an old file was set aside, and where rows were skipped
 * @param rename moves the file away, out of reach of the next start
 */
export function readOrReplace(
  path: string,
  warn: Warn,
  rename: (from: string, to: string) => void,
): Memory {
  try {
    return read(path, warn)
  } catch (error) {
    // One that another coordinator uses just now is as good as ever.
    if (!(error instanceof UnusableStoreError)) throw error
    const aside = `${path}.unusable`
    rename(path, aside)
    warn(
      `${error.message}; it is kept as ${aside}, and what was learned begins anew`,
      'store_replaced',
    )
    return read(path, warn)
  }
}

function read(path: string, warn: Warn): Memory {
  const database = openDatabase(path)
  const skipped: string[] = []
  try {
    return database.load((row) => skipped.push(row))
  } finally {
    database.close()
    if (skipped.length > 0) {
      warn(
        `${skipped.length} rows of ${path} are skipped, the first is the ${skipped[0]}`,
        'store_rows_skipped',
      )
    }
  }
}

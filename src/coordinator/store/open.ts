/**
 * Reads the store, and begins a new one in place of an unusable one.
 *
 * @module
 */
import type { Memory } from '../../policy/core/memory.ts'
import { openDatabase } from './database.ts'
import { UnusableStoreError } from './ours.ts'

/** Takes a warning as a line, and as the name of its event. */
type Warn = (line: string, event: string) => void

/**
 * @throws ForeignFileError where the file is no store; another error where a good file cannot be
 * opened
 * @param warn called where an old file was set aside, and where rows were skipped
 * @param rename moves the file away from where the next start finds it
 */
export function readOrReplace(
  path: string,
  warn: Warn,
  rename: (from: string, to: string) => void,
): Memory {
  try {
    return read(path, warn)
  } catch (error) {
    // A store that another coordinator uses now is a good one: that error is thrown.
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

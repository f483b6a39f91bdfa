/**
 * Opens the store, or another in its place where it cannot be used.
 *
 * @module
 */
import { type Database, openDatabase } from './database.ts'

/**
 * @throws Error where the file may be good and cannot be opened
 * @param warn told, in words, where an old file was set aside
 * @param rename moves the file away, out of reach of the next start
 */
export function openOrReplace(
  path: string,
  warn: (line: string) => void,
  rename: (from: string, to: string) => void,
): Database {
  try {
    return openDatabase(path)
  } catch (error) {
    // One that another coordinator uses just now is as good as ever.
    if (!/schema is|not a database|malformed/.test((error as Error).message)) throw error
    const aside = `${path}.unusable`
    rename(path, aside)
    warn(`${(error as Error).message}; it is kept as ${aside}, and what was learned begins anew`)
    return openDatabase(path)
  }
}

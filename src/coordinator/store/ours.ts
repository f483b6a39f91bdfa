/**
 * Whether a file is a store of a coordinator. An unusable store is set aside; a file that is no
 * store is left as it is.
 *
 * @module
 */
import { Buffer } from 'node:buffer'
import { closeSync, openSync, readSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

/** Raised with every change of the tables: a file of another version is set aside. */
export const SCHEMA_VERSION = 1
/** `Shol`, in the file's header: it identifies a store though the rest is damaged. */
export const APPLICATION_ID = 0x53686f6c
/** Tables of stores that were made before the header had the id. */
const TABLES = ['nodes', 'fan_outs']

/** The file is no store. */
export class ForeignFileError extends Error {
  override name = 'ForeignFileError'
  constructor(path: string, what: string) {
    super(
      `Cannot keep what is learned in ${path}: ${what}; move it away, or name another file with ` +
        '--store',
    )
  }
}

/** The file is a store of another version, or damaged. */
export class UnusableStoreError extends Error {
  override name = 'UnusableStoreError'
  constructor(why: string) {
    super(`Cannot use the store: ${why}`)
  }
}

/**
 * Checks the file, and changes nothing.
 *
 * @throws ForeignFileError, UnusableStoreError, or another error where the check itself fails
 */
export function mustBeOurs(db: DatabaseSync, path: string): void {
  let names: unknown[]
  try {
    names = db.prepare('SELECT name FROM sqlite_schema').all().map(({ name }) => name)
  } catch (error) {
    if (/not a database/.test((error as Error).message)) {
      throw new ForeignFileError(path, 'it is no SQLite database')
    }
    if (!isDamage(error) || isMarked(path)) throw error
    throw new ForeignFileError(path, 'it is a damaged database, and nothing tells whose it is')
  }
  if (names.length === 0) return
  if (!isMarked(path) && !TABLES.every((name) => names.includes(name))) {
    throw new ForeignFileError(path, 'it is a database of something else')
  }
  const row = db.prepare('PRAGMA user_version').get() as { user_version: number }
  const version = row.user_version
  if (version !== SCHEMA_VERSION) {
    throw new UnusableStoreError(
      `its schema is ${version}, this coordinator's is ${SCHEMA_VERSION}`,
    )
  }
}

/**
 * Whether the file's header has the id: SQLite does not read a header of a file that was cut off.
 */
function isMarked(path: string): boolean {
  const header = Buffer.alloc(100)
  const file = openSync(path, 'r')
  try {
    readSync(file, header)
  } finally {
    closeSync(file)
  }
  return header.readUInt32BE(68) === APPLICATION_ID
}

const isDamage = (error: unknown) => /malformed/.test((error as Error).message)

/** An error of a file that is a store. */
export const asOurs = (error: unknown): unknown =>
  isDamage(error) ? new UnusableStoreError((error as Error).message) : error

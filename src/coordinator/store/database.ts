/**
 * The embedded store: one SQLite file of data that outlives a restart. Rows are small, their number
 * is bounded.
 *
 * @module
 */
import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Memory } from '../../policy/core/memory.ts'
import { isDistrusted } from '../../policy/trust/reputation.ts'
import { MAX_NODES, tooMany } from './bound.ts'
import { APPLICATION_ID, asOurs, mustBeOurs, SCHEMA_VERSION } from './ours.ts'
import {
  createRecords,
  loadRecords,
  type RecordChange,
  type Records,
  RECORDS_TABLE,
} from './records.ts'
import { type Read, readFanOut, readProfile, readWord } from './rows.ts'
import { createSecrets, loadSecrets, SECRETS_TABLE } from './secrets.ts'

/** The file says how far each volunteer is trusted: only its owner may read it. */
const OWNER_ONLY = 0o600

// `seen_at` rises with each save; it is no time of day, since a clock may be wrong for a while.
const TABLES = `
  CREATE TABLE IF NOT EXISTS nodes (
    id TEXT PRIMARY KEY, seen_at INTEGER NOT NULL, profile TEXT, word TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS nodes_seen ON nodes (seen_at);
  CREATE TABLE IF NOT EXISTS fan_outs (
    pipeline TEXT, task TEXT, variant TEXT, row TEXT NOT NULL,
    PRIMARY KEY (pipeline, task, variant)
  ) STRICT, WITHOUT ROWID;
`

type Row = Record<string, unknown>

export interface Database {
  /** @param skipped called with the name and fault of each invalid row */
  load(skipped?: (row: string) => void): Memory
  save(memory: Memory): void
  /** Writes all changes, or none. */
  put(changes: readonly RecordChange[]): void
  records(): Records
  close(): void
}

/**
 * @param path a file, which is made where there is none
 * @throws ForeignFileError, UnusableStoreError, or another where it cannot be opened
 */
export function openDatabase(path: string): Database {
  // SQLite would make the file readable by all.
  closeSync(openSync(path, 'a', OWNER_ONLY))
  const db = new DatabaseSync(path)
  try {
    db.exec('PRAGMA busy_timeout = 1000')
    mustBeOurs(db, path)
    // An earlier version left other modes. Later files of SQLite get the mode of the first.
    for (const file of [path, `${path}-wal`, `${path}-shm`]) {
      if (existsSync(file)) chmodSync(file, OWNER_ONLY)
    }
    return prepare(db)
  } catch (error) {
    db.close()
    throw asOurs(error)
  }
}

function prepare(db: DatabaseSync): Database {
  // Readers do not wait for writers; a power cut loses the last seconds.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  // One transaction: another process finds all marks of a store, or none.
  db.exec(`BEGIN IMMEDIATE; ${TABLES} ${SECRETS_TABLE} ${RECORDS_TABLE}
    PRAGMA user_version = ${SCHEMA_VERSION}; PRAGMA application_id = ${APPLICATION_ID}; COMMIT`)
  const lastSave = db.prepare('SELECT coalesce(max(seen_at), 0) AS number FROM nodes')
  const putNode = db.prepare(`
    INSERT INTO nodes (id, seen_at, profile, word) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at,
      profile = coalesce(excluded.profile, profile), word = coalesce(excluded.word, word)`)
  const putFanOut = db.prepare(`
    INSERT INTO fan_outs (pipeline, task, variant, row) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET row = excluded.row`)
  const countNodes = db.prepare('SELECT count(*) AS number FROM nodes')
  const newestFirst = db.prepare('SELECT id, word FROM nodes ORDER BY seen_at DESC, id')
  const removeNode = db.prepare('DELETE FROM nodes WHERE id = ?')
  const putSecrets = createSecrets(db)
  /** Fan-outs as they were written last: most do not change. */
  const written = new Map<string, string>()

  function prune(): void {
    if (numberOf(countNodes) <= MAX_NODES) return
    const isBad = ({ word }: Row) => {
      const read = readWord(word)
      return 'value' in read && read.value !== undefined && isDistrusted(read.value)
    }
    for (const { id } of tooMany(newestFirst.all(), isBad)) removeNode.run(String(id))
  }

  return {
    load(skipped = () => {}) {
      try {
        return loadFrom(db, skipped)
      } catch (error) {
        throw asOurs(error)
      }
    },
    save({ profiles, fanOuts, reputations, secrets = [] }) {
      const rows = new Map<string, string>()
      db.exec('BEGIN IMMEDIATE')
      try {
        const save = numberOf(lastSave) + 1
        const judgements = new Map(reputations)
        for (const [id, profile] of profiles) {
          const word = judgements.get(id)
          judgements.delete(id)
          putNode.run(id, save, JSON.stringify(profile), word ? JSON.stringify(word) : null)
        }
        for (const [id, word] of judgements) putNode.run(id, save, null, JSON.stringify(word))
        for (const one of fanOuts) {
          const { pipeline, task, variant } = one
          const [key, row] = [`${pipeline} ${task} ${variant}`, JSON.stringify(one)]
          if (written.get(key) === row) continue
          rows.set(key, row)
          putFanOut.run(pipeline, task, variant, row)
        }
        prune()
        putSecrets(secrets)
        db.exec('COMMIT')
      } catch (error) {
        // SQLite has rolled back by itself after some errors, as a full disk.
        if (db.isTransaction) db.exec('ROLLBACK')
        throw error
      }
      for (const [key, row] of rows) written.set(key, row)
    },
    put: createRecords(db),
    records: () => loadRecords(db),
    close: () => db.close(),
  }
}

const numberOf = (statement: StatementSync): number =>
  (statement.get() as { number: number }).number

function loadFrom(db: DatabaseSync, skipped: (row: string) => void): Memory {
  /** The value of a column; none where it is invalid. */
  function take<T>(read: Read<T>, of: string): T[] {
    if ('value' in read) return read.value === undefined ? [] : [read.value]
    skipped(`${of}: ${read.fault}`)
    return []
  }
  const memory: Memory = { profiles: [], fanOuts: [], reputations: [] }
  const secrets = loadSecrets(db)
  if (secrets.length > 0) memory.secrets = secrets
  for (const { id, profile, word } of db.prepare('SELECT id, profile, word FROM nodes').all()) {
    const node = String(id)
    for (const kept of take(readProfile(profile), `profile of node ${node}`)) {
      memory.profiles.push([node, kept])
    }
    for (const kept of take(readWord(word), `judgement of node ${node}`)) {
      memory.reputations.push([node, kept])
    }
  }
  for (const { variant, row } of db.prepare('SELECT variant, row FROM fan_outs').all()) {
    memory.fanOuts.push(...take(readFanOut(row), `fan-out of ${variant}`))
  }
  return memory
}

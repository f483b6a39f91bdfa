/**
 * The embedded store: one SQLite file with what is worth keeping over a restart. Rows are small,
 * their number is bounded.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import type { FanOutMemory, Memory, NodeProfileMemory } from '../../policy/memory.ts'
import { APPLICATION_ID, asOurs, mustBeOurs, SCHEMA_VERSION } from './ours.ts'
import { createSecrets, loadSecrets, SECRETS_TABLE } from './secrets.ts'

/** Nodes kept, those heard of last; and how long. */
export const MAX_NODES = 2000
const MAX_AGE_MS = 90 * 24 * 3600_000

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

export interface Database {
  load(): Memory
  /** @param atMs time of day */
  save(memory: Memory, atMs: number): void
  close(): void
}

/**
 * @param path a file, which is made where there is none
 * @throws ForeignFileError, UnusableStoreError, or another where it cannot be opened
 */
export function openDatabase(path: string): Database {
  const db = new DatabaseSync(path)
  try {
    db.exec('PRAGMA busy_timeout = 1000')
    mustBeOurs(db, path)
    return prepare(db)
  } catch (error) {
    db.close()
    throw asOurs(error)
  }
}

function prepare(db: DatabaseSync): Database {
  // Readers are not held up, and what a power cut takes is the last seconds.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  // At once: who opens it meanwhile has all by which it is told from a stranger's, or none.
  db.exec(`BEGIN IMMEDIATE; ${TABLES} ${SECRETS_TABLE}
    PRAGMA user_version = ${SCHEMA_VERSION}; PRAGMA application_id = ${APPLICATION_ID}; COMMIT`)
  const putNode = db.prepare(`
    INSERT INTO nodes (id, seen_at, profile, word) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at,
      profile = coalesce(excluded.profile, profile), word = coalesce(excluded.word, word)`)
  const putFanOut = db.prepare(`
    INSERT INTO fan_outs (pipeline, task, variant, row) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET row = excluded.row`)
  // What is dated ahead, by a clock that was set back since, goes first: it would outlive all others.
  const prune = db.prepare(`
    DELETE FROM nodes WHERE seen_at < ? OR id NOT IN
      (SELECT id FROM nodes ORDER BY seen_at > ?, seen_at DESC, id LIMIT ${MAX_NODES})`)
  const putSecrets = createSecrets(db)
  /** Fan-outs as they were written last: most do not change. */
  const written = new Map<string, string>()

  return {
    load() {
      try {
        return loadFrom(db)
      } catch (error) {
        throw asOurs(error)
      }
    },
    save({ profiles, fanOuts, words, secrets = [] }, atMs) {
      const now = Math.round(atMs)
      const rows = new Map<string, string>()
      db.exec('BEGIN IMMEDIATE')
      try {
        const said = new Map(words)
        for (const [id, profile] of profiles) {
          const word = said.get(id)
          said.delete(id)
          putNode.run(id, now, JSON.stringify(profile), word ? JSON.stringify(word) : null)
        }
        for (const [id, word] of said) putNode.run(id, now, null, JSON.stringify(word))
        for (const one of fanOuts) {
          const { pipeline, task, variant } = one
          const [key, row] = [`${pipeline} ${task} ${variant}`, JSON.stringify(one)]
          if (written.get(key) === row) continue
          rows.set(key, row)
          putFanOut.run(pipeline, task, variant, row)
        }
        prune.run(now - MAX_AGE_MS, now)
        putSecrets(secrets)
        db.exec('COMMIT')
      } catch (error) {
        // Of some, as a full disk, it has done so by itself.
        if (db.isTransaction) db.exec('ROLLBACK')
        throw error
      }
      for (const [key, row] of rows) written.set(key, row)
    },
    close: () => db.close(),
  }
}

function loadFrom(db: DatabaseSync): Memory {
  const secrets = loadSecrets(db)
  const memory: Memory = { profiles: [], fanOuts: [], words: [] }
  if (secrets.length > 0) memory.secrets = secrets
  for (const { id, profile, word } of db.prepare('SELECT id, profile, word FROM nodes').all()) {
    const kept = read(profile) as NodeProfileMemory | undefined
    if (kept !== undefined) memory.profiles.push([String(id), kept])
    const known = read(word) as Memory['words'][number][1] | undefined
    if (known !== undefined) memory.words.push([String(id), known])
  }
  for (const { row } of db.prepare('SELECT row FROM fan_outs').all()) {
    const kept = read(row) as FanOutMemory | undefined
    if (kept !== undefined) memory.fanOuts.push(kept)
  }
  return memory
}

/** A value that is no JSON is as good as none. */
function read(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}

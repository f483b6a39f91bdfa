/**
 * The embedded store: one SQLite file with what is worth keeping over a restart. Rows are small,
 * their number is bounded, and a file that cannot be used is set aside, never in the way.
 *
 * @module
 */
import { DatabaseSync } from 'node:sqlite'
import type { FanOutMemory, Memory, NodeProfileMemory } from '../../policy/memory.ts'

/** Raised with every change of the tables: an older file is set aside. */
export const SCHEMA_VERSION = 1
/** Nodes kept, those heard of last; and how long. */
const MAX_NODES = 2000
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
 * @throws Error where the file is no such store, of another version, or cannot be opened
 */
export function openDatabase(path: string): Database {
  const db = new DatabaseSync(path)
  try {
    return prepare(db)
  } catch (error) {
    db.close()
    throw error
  }
}

function prepare(db: DatabaseSync): Database {
  // Readers are not held up, and what a power cut takes is the last seconds.
  db.exec('PRAGMA busy_timeout = 1000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  const found = db.prepare('PRAGMA user_version').get() as { user_version: number }
  const tables = db.prepare(`SELECT count(*) AS count FROM sqlite_schema`).get() as {
    count: number
  }
  const version = found.user_version
  if (version !== SCHEMA_VERSION && (version !== 0 || tables.count > 0)) {
    throw new RangeError(
      `Cannot use the store: its schema is ${version}, this coordinator's is ${SCHEMA_VERSION}`,
    )
  }
  db.exec(TABLES)
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
  const putNode = db.prepare(`
    INSERT INTO nodes (id, seen_at, profile, word) VALUES (?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at,
      profile = coalesce(excluded.profile, profile), word = coalesce(excluded.word, word)`)
  const putFanOut = db.prepare(`
    INSERT INTO fan_outs (pipeline, task, variant, row) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET row = excluded.row`)
  const prune = db.prepare(`
    DELETE FROM nodes WHERE seen_at < ? OR id NOT IN
      (SELECT id FROM nodes ORDER BY seen_at DESC, id LIMIT ${MAX_NODES})`)
  /** Fan-outs as they were written last: most do not change. */
  const written = new Map<string, string>()

  return {
    load() {
      const memory: Memory = { profiles: [], fanOuts: [], words: [] }
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
    },
    save({ profiles, fanOuts, words }, atMs) {
      const now = Math.round(atMs)
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
          written.set(key, row)
          putFanOut.run(pipeline, task, variant, row)
        }
        prune.run(now - MAX_AGE_MS)
        db.exec('COMMIT')
      } catch (error) {
        db.exec('ROLLBACK')
        throw error
      }
    },
    close: () => db.close(),
  }
}

/** A value that is no JSON is as good as none. */
function read(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
}

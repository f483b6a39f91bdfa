/**
 * Rows of jobs, their documents and their files, as a table of the store: JSON under a kind and an
 * id.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'

export type RecordKind = 'job' | 'document' | 'file'
/** `row` is JSON; null removes it. */
export type RecordChange = [kind: RecordKind, id: string, row: string | null]
export type Records = [kind: RecordKind, id: string, row: string][]

export const RECORDS_TABLE = `
  CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, id TEXT NOT NULL, row TEXT NOT NULL, PRIMARY KEY (kind, id)
  ) STRICT, WITHOUT ROWID;
`

/** Returns a function that writes all changes, or none. */
export function createRecords(db: DatabaseSync): (changes: readonly RecordChange[]) => void {
  const put = db.prepare(`
    INSERT INTO records (kind, id, row) VALUES (?, ?, ?)
    ON CONFLICT (kind, id) DO UPDATE SET row = excluded.row`)
  const remove = db.prepare('DELETE FROM records WHERE kind = ? AND id = ?')
  return (changes) => {
    db.exec('BEGIN IMMEDIATE')
    try {
      for (const [kind, id, row] of changes) {
        if (row === null) remove.run(kind, id)
        else put.run(kind, id, row)
      }
      db.exec('COMMIT')
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  }
}

export const loadRecords = (db: DatabaseSync): Records =>
  db.prepare('SELECT kind, id, row FROM records ORDER BY kind, id').all()
    .map(({ kind, id, row }): Records[number] => [kind as RecordKind, String(id), String(row)])

/**
 * The secrets that ids of nodes are bound to, as a table of the store: of nodes with other records,
 * and of the nodes that joined last.
 *
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'

/** Secrets kept besides those of nodes with other records. */
export const MAX_SECRETS = 2000

/** `serial` rises with each join. Only hashes are kept: the file grants nothing. */
export const SECRETS_TABLE = `
  CREATE TABLE IF NOT EXISTS secrets (
    serial INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, sha256 TEXT NOT NULL
  ) STRICT;
`

export type Secrets = [id: string, sha256: string][]

/** Returns a function that writes secrets, within a transaction, after the nodes. */
export function createSecrets(db: DatabaseSync): (secrets: Secrets) => void {
  const put = db.prepare('INSERT OR REPLACE INTO secrets (id, sha256) VALUES (?, ?)')
  const prune = db.prepare(`
    DELETE FROM secrets WHERE id NOT IN (SELECT id FROM nodes) AND serial NOT IN
      (SELECT serial FROM secrets ORDER BY serial DESC LIMIT ${MAX_SECRETS})`)
  return (secrets) => {
    for (const [id, sha256] of secrets) put.run(id, sha256)
    if (secrets.length > 0) prune.run()
  }
}

/** Secrets, oldest first; invalid hashes are left out. */
export const loadSecrets = (db: DatabaseSync): Secrets =>
  db.prepare('SELECT id, sha256 FROM secrets ORDER BY serial').all()
    .map(({ id, sha256 }): Secrets[number] => [String(id), String(sha256)])
    .filter(([, sha256]) => /^[\da-f]{64}$/.test(sha256))

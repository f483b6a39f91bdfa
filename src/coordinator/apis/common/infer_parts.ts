/**
 * Parts of the coordinator that calls of pipelines need.
 *
 * @module
 */
import type { Peers } from '../../core/gone.ts'
import type { Log } from '../../core/log.ts'
import type { History } from '../../observe/history.ts'
import type { Pool } from '../../pool/pool.ts'
import type { BodyReader } from '../bodies/reader.ts'
import type { SchemaReader } from '../generate/schema_reader.ts'

export interface InferParts {
  pool: Pool
  bodies: BodyReader
  history: Pick<History, 'took'>
  now: () => number
  log: Log
  peers: Peers | undefined
  /** Checks schemas of answers; all are accepted where absent. */
  schemas?: SchemaReader | undefined
}

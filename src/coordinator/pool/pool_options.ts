/**
 * Options of a pool.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import type { Scheduler } from '../../policy/core/types.ts'
import type { Hello } from '../../protocol/mod.ts'
import type { Keyring } from '../core/keys.ts'
import type { Log } from '../core/log.ts'
import type { Identities } from '../nodes/identities.ts'
import type { LinkOptions } from '../nodes/link.ts'
import type { ServedPipeline } from '../nodes/served.ts'
import type { OtelApi } from '../observe/otel/api.ts'
import type { Solve } from '../scheduler/solver.ts'

export interface PoolOptions {
  served: readonly ServedPipeline[]
  scheduler: Scheduler
  solve?: Solve | undefined
  /** Monotonic milliseconds. */
  now: () => number
  /** Takes lines about joins, leaves and faults. */
  log: Log
  /** Whether the operator of the coordinator started this node: its results are trusted. */
  isOwn?: (hello: Hello) => boolean
  /** Whether this is the auditor, a process of this machine that judges results of others. */
  isAuditor?: (hello: Hello) => boolean
  /**
   * Whether results of nodes are checked: they count once the result is confirmed or the node
   * trusted.
   */
  checked?: boolean
  /** Called for each node that joins and has to be judged. */
  strangerJoined?: () => void
  /** Sends a pipeline a trial query once its best path is warm; the pipeline is ready after it. */
  rehearse?: (pipeline: Pipeline) => Promise<void>
  link?: Omit<LinkOptions, 'now'>
  /** Keys that nodes join with; a node whose key is taken back has to leave. */
  keyring?: Keyring
  identities?: Identities
  /** The interface of OpenTelemetry; absent where nothing is exported. */
  otel?: OtelApi
}

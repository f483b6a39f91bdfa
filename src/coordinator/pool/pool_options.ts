/**
 * What a pool is made with.
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
  /** Told of joins, leaves and faults, for people. */
  log: Log
  /** Whether this is a node that whoever runs the coordinator started: its word is taken. */
  isOwn?: (hello: Hello) => boolean
  /** Whether this is the worker of this machine that judges what others say. */
  isAuditor?: (hello: Hello) => boolean
  /** Results of nodes are checked: what they say is believed once it is confirmed, or they are trusted. */
  checked?: boolean
  /** Told of each node that joins and has to be judged. */
  strangerJoined?: () => void
  /** Asks a pipeline for something once its best path is warm; it is ready when that is over. */
  rehearse?: (pipeline: Pipeline) => Promise<void>
  link?: Omit<LinkOptions, 'now'>
  /** Keys that nodes come in with; who holds one that is taken back has to leave. */
  keyring?: Keyring
  identities?: Identities
  /** What a collector is told by; absent: none is told. */
  otel?: OtelApi
}

/**
 * What a scheduler has learned that is worth keeping over a restart: plain data, to be given to the
 * next one.
 *
 * @module
 */
import { publicName } from '../../pipeline/version.ts'
import type { LatencyPoint, NodeId, VariantRef } from './types.ts'

/** What was learned of one node's speed. */
export interface NodeProfileMemory {
  models: (VariantRef & { points: LatencyPoint[] })[]
  /** Both ways, by task. */
  networkMs: { pipeline: string; task: string; ms: number }[]
}

/** Of one variant, for each child task: mean and variance of the items it hands on, and how often none. */
export interface FanOutMemory extends VariantRef {
  rows: { items: number; mean: number; variance: number; none?: number }[]
}

/** How a node behaved; `trust/reputation.ts` says what follows. */
export interface Reputation {
  /** Of whoever runs the coordinator: taken from the start. */
  own: boolean
  /** Checks passed since the last that was not; and of these, by task and by variant. */
  inRow: number
  by: { [of: string]: number }
  passed: number
  failed: number
  /** Rises with each failed check, by how sure the judge is; falls with each that is passed. */
  suspicion: number
  /** Times, over its life, that a known party proved it wrong beyond what backends differ by. */
  lies?: number
  /** Rises with each time that another did what it failed at, falls with work that was taken. */
  failures?: number
  quarantined: boolean
  /**
   * Checks to pass, after joining and after a fault, before what was earned counts: it may be another
   * by that id, or cannot do any more what it could.
   */
  probation: number
  /** Times in quarantine, and known answers given right in a row since the last began. */
  sentences: number
  atoned: number
  reason: string
}

export interface Memory {
  profiles: [NodeId, NodeProfileMemory][]
  fanOuts: FanOutMemory[]
  reputations: [NodeId, Reputation][]
  /** Hashes of the secrets that ids are bound to: the coordinator's own, kept with the rest. */
  secrets?: [NodeId, string][]
}

/** Versions are of one run: the next one begins with the first again. */
export const publicRef = ({ pipeline, task, variant }: VariantRef): VariantRef => ({
  pipeline: publicName(pipeline),
  task,
  variant,
})

/**
 * Values that a scheduler learned and that are worth storing over a restart: plain data, to be given to
 * the next one.
 *
 * @module
 */
import { publicName } from '../../pipeline/version.ts'
import type { LatencyPoint, NodeId, VariantRef } from './types.ts'

/** Learned speed of one node. */
export interface NodeProfileMemory {
  models: (VariantRef & { points: LatencyPoint[] })[]
  /** Both directions together, by task. */
  networkMs: { pipeline: string; task: string; ms: number }[]
}

/** Learned fan-out of a variant, by child task: mean and variance of items, and share without any. */
export interface FanOutMemory extends VariantRef {
  rows: { items: number; mean: number; variance: number; none?: number }[]
}

/** Record of a node's behaviour; `trust/reputation.ts` says what follows from it. */
export interface Reputation {
  /** Whether it belongs to the operator of the coordinator: trusted from the start. */
  own: boolean
  /** Checks passed since the last failed one; and of these, by task and by variant. */
  inRow: number
  by: { [of: string]: number }
  passed: number
  failed: number
  /** Rises with each failed check, by the certainty of the check; falls with each one passed. */
  suspicion: number
  /** Times, over its life, that it was proven wrong beyond the differences of backends. */
  lies?: number
  /** Rises when another node did what it failed at; falls with results that were taken. */
  failures?: number
  quarantined: boolean
  /**
   * Checks to pass, after joining and after a fault, before its record counts: a different node may use the
   * id, or it may no longer be able to do its work.
   */
  probation: number
  /** Times in quarantine, and right known answers in a row since the last began. */
  sentences: number
  atoned: number
  reason: string
}

export interface Memory {
  profiles: [NodeId, NodeProfileMemory][]
  fanOuts: FanOutMemory[]
  reputations: [NodeId, Reputation][]
  /** Hashes of the secrets that node ids are bound to; the coordinator's own data, stored along. */
  secrets?: [NodeId, string][]
}

/** The ref without a version: versions are numbered per run, and the next run starts from the first. */
export const publicRef = ({ pipeline, task, variant }: VariantRef): VariantRef => ({
  pipeline: publicName(pipeline),
  task,
  variant,
})

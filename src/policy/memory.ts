/**
 * What a scheduler has learned that is worth keeping over a restart: plain data, to be given to the
 * next one.
 *
 * @module
 */
import { publicName } from '../pipeline/version.ts'
import type { LatencyPoint, NodeId, VariantRef } from './types.ts'
import type { Word } from './trust/word.ts'

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

export interface Memory {
  profiles: [NodeId, NodeProfileMemory][]
  fanOuts: FanOutMemory[]
  words: [NodeId, Word][]
}

/** Versions are of one run: the next one begins with the first again. */
export const publicRef = ({ pipeline, task, variant }: VariantRef): VariantRef => ({
  pipeline: publicName(pipeline),
  task,
  variant,
})

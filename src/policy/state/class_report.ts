/**
 * The device classes as placement sees them: counts, memory, and what each variant takes at each
 * batch size. Plain data, made when a placement is to be worked out.
 *
 * @module
 */
import type { Profile } from '../estimate/profile.ts'
import type { VariantShape } from '../core/graph.ts'
import type { LatencyPoint, NodeId } from '../core/types.ts'
import type { BatchSizes } from '../estimate/batch_sizes.ts'
import type { NodeClass, PoolNode } from './slots.ts'

export interface ClassReport {
  name: string
  nodes: NodeId[]
  /** Those of them that are kept from all that they could do, and are not counted. */
  aside: NodeId[]
  slots: number
  dutySum: number
  memoryBytes: number
  networkMs: number
  able: AbleReport[]
}

/** Of one variant that they are able to hold. */
export interface AbleReport {
  /** Its index. */
  variant: number
  /** What a batch takes. */
  points: LatencyPoint[]
  /** Time of a slot for one item at the batch sizes that are run; upper latency of one item alone. */
  costMs: number
  upperMs: number
}

/** Nodes whose profile is asked: more tell no more. */
const SAMPLE = 8

/** @param maxBatch the largest batch that is dispatched */
export function reportClasses(
  classes: readonly NodeClass[],
  profile: Profile,
  sizes: Pick<BatchSizes, 'costs'>,
  maxBatch: number,
): ClassReport[] {
  const batches: number[] = []
  for (let size = 1; size <= maxBatch; size *= 2) batches.push(size)
  return classes.map((one) => {
    const aside = one.nodes.filter(isAside)
    const nodes = one.nodes.filter((node) => !node.paused && !isAside(node))
    const sample = nodes.slice(0, SAMPLE)
    const meanOf = (value: (node: PoolNode) => number) =>
      sample.reduce((sum, node) => sum + value(node), 0) / Math.max(sample.length, 1)
    // What is slow for a moment is quick again before anything is loaded.
    const usualMs = (variant: VariantShape, batch: number) =>
      meanOf((node) => profile.usualMs(node.id, variant, batch))
    return {
      name: one.name,
      nodes: one.nodes.map(({ id }) => id),
      aside: aside.map(({ id }) => id),
      slots: nodes.reduce((sum, { slots }) => sum + slots.length, 0),
      dutySum: nodes.reduce((sum, { slots, duty }) => sum + slots.length * duty, 0),
      memoryBytes: one.memoryBytes,
      networkMs: meanOf((node) => networkOf(node, one.able, profile)),
      able: one.able.map((variant) => ({
        variant: variant.index,
        points: batches.map((batch) => ({ batch, latencyMs: usualMs(variant, batch) })),
        costMs: sizes.costs(one.name, variant, (batch) => usualMs(variant, batch)).planMs,
        upperMs: meanOf(({ id }) => upperOf(id, variant, profile)),
      })),
    }
  }).filter(({ slots }) => slots > 0)
}

const isAside = ({ able, keptFrom }: PoolNode): boolean =>
  keptFrom.size > 0 && able.every(({ task }) => keptFrom.has(task.pipeline.name))

function upperOf(id: NodeId, variant: VariantShape, profile: Profile): number {
  const { meanMs, upperMs } = profile.latency(id, variant, 1)
  return profile.usualMs(id, variant, 1) * upperMs / meanMs
}

function networkOf(node: PoolNode, able: readonly VariantShape[], profile: Profile): number {
  const first = able[0]
  return first === undefined ? 0 : profile.networkMs(node.id, first.task)
}

/**
 * The device classes as placement sees them: counts, memory, and what each variant takes at each
 * batch size. Plain data, made when a placement is to be worked out.
 *
 * @module
 */
import type { Profile } from '../profile/profile.ts'
import type { VariantShape } from '../shape.ts'
import type { LatencyPoint, NodeId } from '../types.ts'
import type { NodeClass, PoolNode } from './slots.ts'

export interface ClassReport {
  name: string
  nodes: NodeId[]
  slots: number
  dutySum: number
  memoryBytes: number
  networkMs: number
  /** By position in `able`: the variant's index, and what a batch takes. */
  able: { variant: number; points: LatencyPoint[] }[]
}

/** Nodes whose profile is asked: more tell no more. */
const SAMPLE = 8

/** @param maxBatch the largest batch that is dispatched */
export function reportClasses(
  classes: readonly NodeClass[],
  profile: Profile,
  maxBatch: number,
): ClassReport[] {
  const sizes: number[] = []
  for (let size = 1; size <= maxBatch; size *= 2) sizes.push(size)
  return classes.map((one) => {
    const nodes = one.nodes.filter((node) => !node.paused)
    const sample = nodes.slice(0, SAMPLE)
    const meanOf = (value: (node: PoolNode) => number) =>
      sample.reduce((sum, node) => sum + value(node), 0) / Math.max(sample.length, 1)
    return {
      name: one.name,
      nodes: one.nodes.map(({ id }) => id),
      slots: nodes.reduce((sum, { slots }) => sum + slots.length, 0),
      dutySum: nodes.reduce((sum, { slots, duty }) => sum + slots.length * duty, 0),
      memoryBytes: one.memoryBytes,
      networkMs: meanOf((node) => networkOf(node, one.able, profile)),
      able: one.able.map((variant) => ({
        variant: variant.index,
        points: sizes.map((batch) => ({
          batch,
          // What is slow for a moment is quick again before anything is loaded.
          latencyMs: meanOf((node) => profile.usualMs(node.id, variant, batch)),
        })),
      })),
    }
  }).filter(({ slots }) => slots > 0)
}

function networkOf(node: PoolNode, able: readonly VariantShape[], profile: Profile): number {
  const first = able[0]
  return first === undefined ? 0 : profile.networkMs(node.id, first.task)
}

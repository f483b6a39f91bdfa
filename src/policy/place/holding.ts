/**
 * Variants that a node may hold: able and open ones, within memory.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import type { PoolNode } from '../state/node.ts'
import { loadOrder } from './load_order.ts'

/** Updates a node after its able variants, or the open ones, changed. */
export function confine(node: PoolNode, isOpen: (variant: VariantShape) => boolean): void {
  node.order = loadOrder(node.able.filter(isOpen))
  node.fitsAll = bytesOf(node, node.order) <= node.memoryBytes
  for (const slot of node.slots) {
    slot.wanted = greedy(node, slot.wanted.filter((variant) => node.order.includes(variant)))
  }
}

export function bytesOf(
  node: Pick<PoolNode, 'bytesOf'>,
  variants: Iterable<VariantShape>,
): number {
  let sum = 0
  for (const variant of variants) sum += node.bytesOf.get(variant) ?? 0
  return sum
}

/** Variants in this order, as many as a slot has memory for; by default all in loading order. */
export function greedy(
  node: PoolNode,
  order: readonly VariantShape[] = node.order,
): VariantShape[] {
  const kept: VariantShape[] = []
  for (const variant of order) {
    if (bytesOf(node, [...kept, variant]) <= node.memoryBytes) kept.push(variant)
  }
  return kept
}

/** Whether each slot holds all it should. */
export const isLoaded = ({ slots }: PoolNode): boolean =>
  slots.every(({ wanted, held, loading }) =>
    loading === null && wanted.length > 0 && wanted.every((variant) => held.has(variant))
  )

/**
 * Slots that can be had for work that no query waits for by itself.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import { creditAtMs } from './credit.ts'
import { isCoolingDown, type PoolNode, type Slot } from './slots.ts'

/**
 * Warm with this variant and idle, or with room behind its batch where that will do. Whether its node
 * may be given work is for others to say.
 */
export function isSpare(slot: Slot, variant: VariantShape, idle: boolean, nowMs: number): boolean {
  if (!slot.held.has(variant) || slot.replacing || isCoolingDown(slot, variant, nowMs)) return false
  if (slot.batches.length === 0) return slot.restUntilMs <= nowMs
  return !idle && creditAtMs(slot, nowMs) < Infinity
}

export const holds = (node: PoolNode, variant: VariantShape): boolean =>
  node.slots.some((slot) => slot.held.has(variant))

/**
 * Slots that can be had for work that no query waits for by itself.
 *
 * @module
 */
import type { VariantShape } from './shape.ts'
import { creditAtMs, isCoolingDown, type PoolNode, type Slot } from './slots.ts'

/**
 * Warm with this variant and idle, or with credit for its next batch where that will do. Whether its
 * node may be given work is for others to say.
 */
function isSpare(slot: Slot, variant: VariantShape, idle: boolean, nowMs: number): boolean {
  if (!slot.held.has(variant) || slot.replacing || isCoolingDown(slot, variant, nowMs)) return false
  if (slot.batches.length === 0) return slot.restUntilMs <= nowMs
  return !idle && creditAtMs(slot, nowMs) <= nowMs
}

/** One slot a node, of those nodes that `may`, at most so many. */
export function spareSlots(
  nodes: Iterable<PoolNode>,
  variant: VariantShape,
  may: (node: PoolNode) => boolean,
  idle: boolean,
  nowMs: number,
  most = Infinity,
): Slot[] {
  const found: Slot[] = []
  for (const node of nodes) {
    if (found.length >= most) break
    if (!may(node)) continue
    const slot = node.slots.find((slot) => isSpare(slot, variant, idle, nowMs))
    if (slot !== undefined) found.push(slot)
  }
  return found
}

export const holds = (node: PoolNode, variant: VariantShape): boolean =>
  node.slots.some((slot) => slot.held.has(variant))

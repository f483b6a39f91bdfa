/**
 * What a node is able to hold, as it said, in the terms of the scheduler.
 *
 * @module
 */
import { loadOrder } from './load_order.ts'
import { bytesOf, type Member } from './placing.ts'
import type { Shapes, VariantShape } from './shape.ts'
import type { PolicyEvent } from './types.ts'

export type Abilities = Pick<Member, 'able' | 'order' | 'fitsAll' | 'bytesOf'>

/** @param mostBytes what one slot may hold */
export function abilitiesOf(
  shapes: Pick<Shapes, 'find'>,
  listed: Extract<PolicyEvent, { type: 'node_able' }>['able'],
  mostBytes: number,
): Abilities {
  const bytes = new Map<VariantShape, number>()
  for (const { memoryBytes = 0, ...ref } of listed) {
    const variant = shapes.find(ref)
    if (variant !== undefined) bytes.set(variant, memoryBytes)
  }
  const able = [...bytes.keys()]
  const fitsAll = bytesOf({ bytesOf: bytes }, able) <= mostBytes
  return { able, order: loadOrder(able), fitsAll, bytesOf: bytes }
}

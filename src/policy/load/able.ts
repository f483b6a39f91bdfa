/**
 * What a node is able to hold, as it said, in the terms of the scheduler.
 *
 * @module
 */
import type { Shapes, VariantShape } from '../shape.ts'
import type { PolicyEvent } from '../types.ts'
import { loadOrder } from './load_order.ts'
import { bytesOf, greedy, type Member } from './placing.ts'

/** With the memory that each takes. */
export function bytesListed(
  shapes: Pick<Shapes, 'find'>,
  listed: Extract<PolicyEvent, { type: 'node_able' }>['able'],
): Map<VariantShape, number> {
  const bytes = new Map<VariantShape, number>()
  for (const { memoryBytes = 0, ...ref } of listed) {
    const variant = shapes.find(ref)
    if (variant !== undefined) bytes.set(variant, memoryBytes)
  }
  return bytes
}

/** A node that joined, without slots yet. */
export function memberOf(
  shapes: Pick<Shapes, 'find'>,
  event: Extract<PolicyEvent, { type: 'node_joined' }>,
): Member {
  return {
    id: event.node,
    slots: [],
    able: [],
    order: [],
    fitsAll: true,
    bytesOf: bytesListed(shapes, event.able),
    memoryBytes: event.memoryBytes ?? Infinity,
    swapRoom: event.swapRoom ?? false,
    paused: false,
    class: null,
  }
}

/** To the variants that it is able to hold, and that are open. */
export function confine(member: Member, isOpen: (variant: VariantShape) => boolean): void {
  member.able = [...member.bytesOf.keys()].filter(isOpen)
  member.order = loadOrder(member.able)
  member.fitsAll = bytesOf(member, member.able) <= member.memoryBytes
  for (const slot of member.slots) {
    slot.wanted = greedy(member, slot.wanted.filter((variant) => member.able.includes(variant)))
  }
}

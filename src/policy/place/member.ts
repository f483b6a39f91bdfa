/**
 * A node of the pool: what it is able to hold, as it said, and what its slots hold and are to load.
 *
 * @module
 */
import type { Shapes, VariantShape } from '../core/graph.ts'
import type { NodeId, PolicyEvent } from '../core/types.ts'
import type { Capacity } from '../state/capacity.ts'
import { loadOrder } from './load_order.ts'
import type { Loader, LoadingSlot } from './loader.ts'
import { load } from './params.ts'

export interface Member {
  id: NodeId
  /** Nodes of one machine share its processors: own nodes run where the coordinator does. */
  machine: string
  slots: LoadingSlot[]
  able: readonly VariantShape[]
  /** The same in the order of loading. */
  order: readonly VariantShape[]
  /** A slot can hold all that the node is able to. */
  fitsAll: boolean
  /** Memory that each variant takes, and what a slot has for all of them. */
  bytesOf: ReadonlyMap<VariantShape, number>
  memoryBytes: number
  /** A slot may hold one variant more while it takes another's place. */
  swapRoom: boolean
  paused: boolean
  /** For the plan that is shown; null until it was put in one. */
  class: string | null
}

/** No node is called so. */
const OWN_MACHINE = ''

/** A node that joined, without slots yet. */
export function memberOf(
  shapes: Pick<Shapes, 'find'>,
  event: Extract<PolicyEvent, { type: 'node_joined' }>,
): Member {
  return {
    id: event.node,
    machine: event.own === true ? OWN_MACHINE : event.node,
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

/** Variants that a node lists, with the memory that each takes. */
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

/** Confines it to the variants that it is able to hold, and that are open. */
export function confine(member: Member, isOpen: (variant: VariantShape) => boolean): void {
  member.able = [...member.bytesOf.keys()].filter(isOpen)
  member.order = loadOrder(member.able)
  member.fitsAll = bytesOf(member, member.able) <= member.memoryBytes
  for (const slot of member.slots) {
    slot.wanted = greedy(member, slot.wanted.filter((variant) => member.able.includes(variant)))
  }
}

export function bytesOf(member: Pick<Member, 'bytesOf'>, variants: Iterable<VariantShape>): number {
  let sum = 0
  for (const variant of variants) sum += member.bytesOf.get(variant) ?? 0
  return sum
}

/** As much of them, in their order, as a slot has memory for; by default, of all in the load order. */
export function greedy(
  member: Member,
  order: readonly VariantShape[] = member.order,
): VariantShape[] {
  const kept: VariantShape[] = []
  for (const variant of order) {
    if (bytesOf(member, [...kept, variant]) <= member.memoryBytes) kept.push(variant)
  }
  return kept
}

/** Starts what its slots can load. @param may whether the next load of a slot may begin now */
export function loadNext(
  loader: Pick<Loader, 'next'>,
  member: Member,
  may: (slot: LoadingSlot) => boolean,
  nowMs: number,
): void {
  // What it can run no more has no place, however much memory there is.
  const fits = (variants: Iterable<VariantShape>) =>
    bytesOf(member, variants) <= member.memoryBytes &&
    [...variants].every((variant) => member.bytesOf.has(variant))
  member.slots.forEach((slot, i) => {
    if (slot.loading !== null || !may(slot)) return
    loader.next(slot, { node: member.id, slot: i }, fits, member.swapRoom, nowMs)
  })
}

/** All that it is to hold is there. */
export const isLoaded = ({ slots }: Member): boolean =>
  slots.every(({ wanted, held, loading }) =>
    loading === null && wanted.length > 0 && wanted.every((variant) => held.has(variant))
  )

export function resizeTo(member: Member, slots: number, loader: Pick<Loader, 'slot'>): void {
  const count = Math.min(Math.max(Math.trunc(slots) || 0, 0), load.mostSlots)
  member.slots.splice(count)
  while (member.slots.length < count) member.slots.push(loader.slot())
}

/** Takes up the classes of nodes. Whether one had none before. */
export function nameClasses(members: Iterable<Member>, { groups }: Capacity): boolean {
  const classOf = new Map(
    groups.flatMap((group) => group.slots.map(({ node }) => [node.id, group.class.name] as const)),
  )
  let isNew = false
  for (const member of members) {
    const name = classOf.get(member.id) ?? member.class
    isNew ||= member.class === null && name !== null
    member.class = name
  }
  return isNew
}

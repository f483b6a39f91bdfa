/**
 * What the slots of a node load next.
 *
 * @module
 */
import type { VariantShape } from '../shape.ts'
import type { Loader } from './loader.ts'
import { bytesOf, type Member } from './placing.ts'

/** Starts what can be started. */
export function loadNext(loader: Pick<Loader, 'next'>, member: Member, nowMs: number): void {
  // What it can run no more has no place, however much memory there is.
  const fits = (variants: Iterable<VariantShape>) =>
    bytesOf(member, variants) <= member.memoryBytes &&
    [...variants].every((variant) => member.bytesOf.has(variant))
  member.slots.forEach((slot, i) => {
    loader.next(slot, { node: member.id, slot: i }, fits, member.swapRoom, nowMs)
  })
}

/**
 * Candidates that are ruled out whatever their value.
 *
 * @module
 */
import type { Capacity } from '../state/capacity.ts'
import { type Slot } from '../state/node.ts'
import { isOverdue, readyAtMs } from '../state/slots.ts'
import type { Item } from '../state/query.ts'
import { dispatch } from './params.ts'
import type { DispatchContext } from './value.ts'

/**
 * Whether a node may be given an item that failed before. Each further attempt needs a node with more proof
 * than the last, and another node than the last, unless no such node could run the item.
 */
export function mayTry(
  { attempts, failedOn, way, query: { level } }: Item,
  { node }: Slot,
  { capacity: { groups }, paths, nowMs }: DispatchContext,
): boolean {
  const proven = node.proof > attempts
  const again = failedOn === node.id
  if (proven && !again) return true
  const isBetter = (other: Slot) =>
    !isOverdue(other, nowMs) &&
    ((!proven && other.node.proof > node.proof) || (again && other.node !== node))
  return !groups.some(({ held, slots }) =>
    slots.some(isBetter) &&
    way.prefixes.some((prefix) =>
      held.has(prefix.variant) &&
      paths.behind(prefix).some((path) => paths.keeps(prefix, path, level))
    )
  )
}

/**
 * Whether a batch leaves enough slots to pipelines with shorter SLOs: half of their load, plus its square
 * root for random peaks.
 *
 * @param hasty load of those pipelines, in slots' worth of work, and their shortest SLO
 */
export function leavesRoom(
  hasty: { load: number; sloMs: number },
  { groups, slotCount }: Capacity,
  nowMs: number,
): boolean {
  const { load, sloMs } = hasty
  if (load < 0.05) return true
  const wanted = Math.min(slotCount - 1, Math.ceil(load / 2 + Math.sqrt(load)))
  let free = 0
  for (const { slots } of groups) {
    for (const slot of slots) {
      if (readyAtMs(slot, nowMs) <= nowMs + dispatch.long * sloMs) free++
    }
  }
  return free - 1 >= wanted
}

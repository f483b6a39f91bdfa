/**
 * Slots, threads and share of the time that a node has in use: within the limits of its volunteer
 * and of an admin, as the scheduler chose, once the node has confirmed it.
 *
 * @module
 */
import type { InUse } from '../../policy/core/elastic.ts'
import type { PolicyEvent } from '../../policy/core/types.ts'
import { dutyOf, workingShare } from '../../protocol/duty.ts'
import type { NodeMessage, Scale } from '../../protocol/mod.ts'
import type { Log } from '../core/log.ts'
import { dropInstances, type PooledNode } from './nodes.ts'

type Scaled = Extract<PolicyEvent, { type: 'node_scaled' }>
type Reported = Extract<PolicyEvent, { type: 'node_reported' }>

/** The most of a node that may be in use. */
export const limitOf = ({ slots, hello, bound, threadsPerRun, speedups }: PooledNode): InUse => ({
  slots,
  duty: Math.min(hello.duty ?? 1, bound.duty ?? 1),
  threads: Math.max(speedups?.length ?? 0, hello.threadsPerRun ?? 1, threadsPerRun),
})

export const inUseOf = ({ usedSlots, usedDuty, threadsPerRun }: PooledNode): InUse => ({
  slots: usedSlots,
  duty: usedDuty,
  threads: threadsPerRun,
})

/**
 * Sends a node the scheduler's wish, unless it is so already. `duty` of the wish is a share of
 * batches.
 */
export function scaleNode(node: PooledNode, wish: InUse): void {
  const limit = limitOf(node)
  const next: InUse = {
    slots: Math.min(wish.slots, limit.slots),
    duty: wish.duty >= workingShare(limit.duty) ? limit.duty : dutyOf(wish.duty),
    // Threads of unknown gain are left as they are.
    threads: node.speedups === undefined
      ? node.threadsPerRun
      : Math.min(Math.max(1, wish.threads), limit.threads),
  }
  const now = inUseOf(node)
  if (isSame(next, now) && isSame(next, node.requested ?? now)) return
  node.requested = next
  const { slots, duty, threads } = next
  const known = node.speedups === undefined ? {} : { threads }
  node.link.send({ type: 'scale', slots, duty, ...known })
}

const isSame = (a: InUse, b: InUse) =>
  a.slots === b.slots && a.duty === b.duty && a.threads === b.threads

/**
 * Limits what of a node may be in use. The node is sent the limit itself: it may find more slots
 * worth using later.
 */
export function boundNode(node: PooledNode, bound: Pick<Scale, 'slots' | 'duty'>): Reported {
  const { slots, duty } = bound
  const requested = node.requested ?? inUseOf(node)
  node.bound = { ...node.bound, ...bound }
  node.requested = { ...requested, slots: slots ?? requested.slots, duty: duty ?? requested.duty }
  node.link.send({ type: 'scale', ...bound })
  countSlots(node)
  return limitNews(node)
}

/** Notes the slots that a node lends now, and sends it the limit again where it lends more. */
export function lentNow(node: PooledNode, slots: number): void {
  node.lentSlots = slots
  countSlots(node)
  if (node.slots === slots) return
  const requested = { ...node.requested ?? inUseOf(node) }
  node.requested = { ...requested, slots: Math.min(requested.slots, node.slots) }
  node.link.send({ type: 'scale', slots: node.requested.slots })
}

export function limitNews(node: PooledNode): Reported {
  const { slots, duty } = limitOf(node)
  return { type: 'node_reported', node: node.id, slots, duty: workingShare(duty) }
}

/** Counts the slots that may be in use, and forgets what the others held. */
function countSlots(node: PooledNode): void {
  node.slots = Math.min(node.lentSlots, node.bound.slots ?? Infinity)
  node.usedSlots = Math.min(node.usedSlots, node.slots)
  dropInstances(node, node.slots)
}

/** Notes what a node reports to have in use, within its limits. */
export function noteScaled(
  node: PooledNode,
  { slots, duty, threads }: Extract<NodeMessage, { type: 'scaled' }>,
  log: Log,
): Scaled {
  const limit = limitOf(node)
  node.usedSlots = Math.min(slots, limit.slots)
  node.usedDuty = Math.min(duty, limit.duty)
  node.threadsPerRun = Math.min(threads, limit.threads)
  const { id, name } = node
  const percent = Math.round(100 * node.usedDuty)
  log(
    `node ${name} has in use: ${node.usedSlots} of ${node.lentSlots} slots, ${percent} % of the time`,
    'debug',
    { event: 'node_scaled', node: id, name, slots: node.usedSlots, duty: node.usedDuty },
  )
  return scaledNews(node)
}

export function scaledNews(node: PooledNode): Scaled {
  const { slots, duty, threads } = inUseOf(node)
  return { type: 'node_scaled', node: node.id, slots, duty: workingShare(duty), threads }
}

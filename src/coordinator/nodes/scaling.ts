/**
 * What of a node is in use: within what its volunteer lends and whoever runs the coordinator allows,
 * as the scheduler says, once the node has done it.
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

/** The most that may be in use. */
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

/** Has a node do as the scheduler says, where that is not so already. Share of the time: of batches. */
export function scaleNode(node: PooledNode, wish: InUse): void {
  const limit = limitOf(node)
  const next: InUse = {
    slots: Math.min(wish.slots, limit.slots),
    duty: wish.duty >= workingShare(limit.duty) ? limit.duty : dutyOf(wish.duty),
    // What nobody knows the worth of is left as it is.
    threads: node.speedups === undefined
      ? node.threadsPerRun
      : Math.min(Math.max(1, wish.threads), limit.threads),
  }
  const now = inUseOf(node)
  if (isSame(next, now) && isSame(next, node.asked ?? now)) return
  node.asked = next
  const { slots, duty, threads } = next
  const known = node.speedups === undefined ? {} : { threads }
  node.link.send({ type: 'scale', slots, duty, ...known })
}

const isSame = (a: InUse, b: InUse) =>
  a.slots === b.slots && a.duty === b.duty && a.threads === b.threads

/**
 * From now on no more of a node than that may be in use. Told to the node as it is: it may have more
 * slots than it has found to be worth it.
 */
export function boundNode(node: PooledNode, bound: Pick<Scale, 'slots' | 'duty'>): Reported {
  const { slots, duty } = bound
  const asked = node.asked ?? inUseOf(node)
  node.bound = { ...node.bound, ...bound }
  node.asked = { ...asked, slots: slots ?? asked.slots, duty: duty ?? asked.duty }
  node.link.send({ type: 'scale', ...bound })
  countSlots(node)
  return limitNews(node)
}

/** Where a node found more slots than may be in use, it is told so again. */
export function lentNow(node: PooledNode, slots: number): void {
  node.lentSlots = slots
  countSlots(node)
  if (node.slots === slots) return
  const asked = { ...node.asked ?? inUseOf(node) }
  node.asked = { ...asked, slots: Math.min(asked.slots, node.slots) }
  node.link.send({ type: 'scale', slots: node.asked.slots })
}

export function limitNews(node: PooledNode): Reported {
  const { slots, duty } = limitOf(node)
  return { type: 'node_reported', node: node.id, slots, duty: workingShare(duty) }
}

/** What lies in slots that are none any more is not held. */
function countSlots(node: PooledNode): void {
  node.slots = Math.min(node.lentSlots, node.bound.slots ?? Infinity)
  node.usedSlots = Math.min(node.usedSlots, node.slots)
  dropInstances(node, node.slots)
}

/** Notes what a node says that it has in use. Never more than it may. */
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

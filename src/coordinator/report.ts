/**
 * What a node says of itself while it serves: progress, backend, slots, profile, pauses.
 *
 * @module
 */
import type { PolicyEvent } from '../policy/core/types.ts'
import { workingShare } from '../protocol/duty.ts'
import type { NodeMessage } from '../protocol/mod.ts'
import type { Log } from './log.ts'
import { dropInstances, isPaused, type PooledNode } from './nodes.ts'

type Reported = Extract<PolicyEvent, { type: 'node_reported' }>
type Report = Extract<NodeMessage, { type: 'report' }>

/**
 * Notes it. Returns what the scheduler is to hear of it, if anything.
 *
 * @param moved called where it can hold other variants from now on: its backend or link changed
 */
export function noteReport(
  node: PooledNode,
  message: Report,
  log: Log,
  moved: () => void,
): Reported | undefined {
  const about = { node: node.id, name: node.name }
  if (message.progress !== undefined) {
    const { label, done, total } = message.progress
    if (done < total) node.progress = message.progress
    // Of several under way the last to be told of is shown.
    else if (node.progress?.label === label) node.progress = null
  }
  if (message.backend !== undefined && message.backend !== node.backend) {
    node.backend = message.backend
    moved()
  }
  if (message.downloads !== undefined) {
    node.hello.downloads = message.downloads
    node.hello.cached = message.cached
    moved()
  }
  node.threadsPerRun = message.threadsPerRun ?? node.threadsPerRun
  if (message.backendReason !== undefined) {
    node.backendReason = message.backendReason
    log(`node ${node.name} runs on ${message.backendReason}`, 'info', {
      ...{ event: 'node_backend', ...about, backend: node.backend },
    })
  }
  if (message.slots !== undefined) {
    node.lentSlots = message.slots
    useSlots(node)
  }
  const line = noteProfile(node, message)
  if (line !== undefined) log(line, 'info', { event: 'node_profile', ...about })
  const { paused, slots, profile } = message
  if (paused !== undefined) {
    const pausedBy = paused ? message.pausedBy ?? 'node' : null
    if (node.pausedBy !== pausedBy) {
      node.pausedBy = pausedBy
      log(`node ${node.name} ${pausedBy === null ? 'goes on' : `pauses: ${pausedBy}`}`, 'info', {
        ...{ event: 'node_paused', ...about, pausedBy },
      })
    }
    node.paused = paused
  }
  if (paused === undefined && slots === undefined && profile === undefined) return undefined
  return {
    type: 'node_reported',
    node: node.id,
    ...(paused === undefined ? {} : { paused: isPaused(node) }),
    ...(slots === undefined ? {} : { slots: node.slots }),
    ...(profile === undefined ? {} : { profile }),
  }
}

/** Notes what of its limits a node has in use. Returns what the scheduler is to hear of it. */
export function noteScaled(
  node: PooledNode,
  { slots, duty, threads }: Extract<NodeMessage, { type: 'scaled' }>,
  log: Log,
): Reported {
  const { id, name, hello } = node
  node.mostUsedSlots = slots
  node.duty = Math.min(duty, hello.duty ?? 1)
  node.threadsPerRun = threads
  useSlots(node)
  const percent = Math.round(100 * node.duty)
  log(
    `node ${name} has in use: ${node.slots} of ${node.lentSlots} slots, ${percent} % of the time`,
    'info',
    {
      ...{ event: 'node_scaled', node: id, name, slots: node.slots, duty: node.duty },
    },
  )
  return { type: 'node_reported', node: id, slots: node.slots, duty: workingShare(node.duty) }
}

/** What lies in slots that are not in use is as good as not held. */
function useSlots(node: PooledNode): void {
  node.slots = Math.min(node.lentSlots, node.mostUsedSlots)
  dropInstances(node, node.slots)
}

/** Notes where a node's latencies are from. A line for people where there is something to say. */
function noteProfile(node: PooledNode, { profile, remembered }: Report): string | undefined {
  if (profile !== undefined) {
    node.profile ??= { remembered: false, measuredAt: null, reason: 'measured since it joined' }
  }
  if (remembered === undefined) return undefined
  const { used, measuredAt, reason } = remembered
  node.profile = { remembered: used, measuredAt: used ? measuredAt : null, reason }
  return used
    ? `node ${node.name} is planned with its profile of ${measuredAt}: ${reason}`
    : `node ${node.name} is measured anew: ${reason}`
}

/**
 * Reports of a node while it serves: progress, backend, slots, profile, pauses.
 *
 * @module
 */
import type { PolicyEvent } from '../../policy/core/types.ts'
import type { NodeMessage } from '../../protocol/mod.ts'
import type { Log } from '../core/log.ts'
import { isPaused, type PooledNode } from './nodes.ts'
import { lentNow, scaledNews } from './scaling.ts'

type Report = Extract<NodeMessage, { type: 'report' }>

/**
 * Notes a report in the node. Returns the scheduler's events.
 *
 * @param moved called where the node can hold other variants from now on: its backend or link
 * changed
 */
export function noteReport(
  node: PooledNode,
  message: Report,
  log: Log,
  moved: () => void,
): PolicyEvent[] {
  const about = { node: node.id, name: node.name }
  if (message.progress !== undefined) {
    const { label, done, total } = message.progress
    if (done < total) node.progress = message.progress
    // Of several downloads the last reported is shown.
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
  const { threadsPerRun } = node
  node.threadsPerRun = message.threadsPerRun ?? threadsPerRun
  node.speedups = message.speedups ?? node.speedups
  if (message.backendReason !== undefined) {
    node.backendReason = message.backendReason
    log(`node ${node.name} runs on ${message.backendReason}`, 'info', {
      ...{ event: 'node_backend', ...about, backend: node.backend },
    })
  }
  if (message.slots !== undefined) lentNow(node, message.slots)
  const line = noteProfile(node, message)
  if (line !== undefined) log(line, 'info', { event: 'node_profile', ...about })
  const { paused, slots, profile, speedups } = message
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
  const scaled = node.threadsPerRun === threadsPerRun ? [] : [scaledNews(node)]
  const news = [paused, slots, profile, speedups].some((one) => one !== undefined)
  if (!news) return scaled
  return [{
    type: 'node_reported',
    node: node.id,
    ...(paused === undefined ? {} : { paused: isPaused(node) }),
    ...(slots === undefined ? {} : { slots: node.slots }),
    ...(profile === undefined ? {} : { profile }),
    ...(speedups === undefined ? {} : { speedups }),
  }, ...scaled]
}

/** Notes where a node's latencies are from. Returns a line for the log where that is new. */
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

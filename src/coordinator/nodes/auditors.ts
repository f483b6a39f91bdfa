/**
 * The auditor's link, kept apart from the links of nodes: code that counts, shows, renews or pauses
 * nodes does not see it. The scheduler sends it batches as it does nodes, by its id.
 *
 * @module
 */
import type { PolicyEvent } from '../../policy/core/types.ts'
import type { Log } from '../core/log.ts'
import type { Post } from '../scheduler/driver.ts'
import type { PooledNode } from './nodes.ts'

export interface Auditors {
  get(id: string): PooledNode | undefined
  join(node: PooledNode, event: Extract<PolicyEvent, { type: 'node_joined' }>): true
  leave(node: PooledNode, why: string): void
  /** Tells auditors what is served now. */
  renew(): void
}

export function createAuditors({ offer, post, log }: {
  /** Tells a node what is served, and the scheduler which variants the node can hold. */
  offer(node: PooledNode): unknown
  post: Post
  log: Log
}): Auditors {
  const auditors = new Map<string, PooledNode>()
  return {
    get: (id) => auditors.get(id),
    join(node, event) {
      auditors.set(node.id, node)
      log('the auditor is there', 'info', { event: 'auditor_joined' })
      post(event)
      return true
    },
    leave({ id }, why) {
      auditors.delete(id)
      log(`the auditor left: ${why}`, 'info', { event: 'auditor_left', why })
      post({ type: 'node_left', node: id })
    },
    renew: () => auditors.forEach(offer),
  }
}

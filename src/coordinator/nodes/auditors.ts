/**
 * The auditor's link, kept apart from those of nodes: nothing that counts nodes, shows them, renews
 * or holds them back meets it. The scheduler asks it as it asks nodes, by its id.
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
  /** What is served changed: it is to judge that. */
  renew(): void
}

export function createAuditors({ offer, post, log }: {
  /** Tells a node what is served, and the scheduler what it is able to hold of it. */
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

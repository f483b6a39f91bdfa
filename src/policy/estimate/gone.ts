/**
 * Nodes that left: each may come back, and what is known of it serves at once then. The longest gone
 * are forgotten; a node that is here never is.
 *
 * @module
 */
import type { NodeId } from '../core/types.ts'
import { latency } from './params.ts'

export interface Gone {
  left(node: NodeId): void
  joined(node: NodeId): void
}

/** @param forget told of each node that was gone for longer than so many others */
export function createGone(forget: (node: NodeId) => void): Gone {
  /** The longest gone first. */
  const gone = new Set<NodeId>()
  return {
    left(node) {
      gone.delete(node)
      gone.add(node)
      if (gone.size <= latency.mostGone) return
      const [oldest] = gone
      gone.delete(oldest!)
      forget(oldest!)
    },
    joined: (node) => void gone.delete(node),
  }
}

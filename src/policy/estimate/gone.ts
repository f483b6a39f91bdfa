/**
 * Nodes that left: a node may come back, and its estimates are then used at once. The nodes gone longest
 * are forgotten; a present node never is.
 *
 * @module
 */
import type { NodeId } from '../core/types.ts'
import { latency } from './params.ts'

export interface Gone {
  left(node: NodeId): void
  joined(node: NodeId): void
}

/** @param forget called for each node that was gone longer than `latency.mostGone` others */
export function createGone(forget: (node: NodeId) => void): Gone {
  /** Nodes that left, longest ago first. */
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

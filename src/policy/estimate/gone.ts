/**
 * Nodes that are not here any more: each may come back, and what is known of it serves at once then.
 * Of as many as ever came nothing could be looked at anew every few seconds, so the longest gone are
 * forgotten; who is here never is.
 *
 * @module
 */
import type { NodeId } from '../core/types.ts'

export interface Gone {
  left(node: NodeId): void
  joined(node: NodeId): void
}

/** As many as the store keeps. */
export const MOST_GONE = 2000

/** @param forget told of each that was gone for longer than so many others */
export function createGone(forget: (node: NodeId) => void): Gone {
  /** The longest gone first. */
  const gone = new Set<NodeId>()

  return {
    left(node) {
      gone.delete(node)
      gone.add(node)
      if (gone.size <= MOST_GONE) return
      const [oldest] = gone
      gone.delete(oldest!)
      forget(oldest!)
    },
    joined: (node) => void gone.delete(node),
  }
}

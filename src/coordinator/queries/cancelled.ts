/**
 * Batches that were called off. A node has to end what it runs all the same, and says when it has:
 * until then its slot is taken, whoever wants the result.
 *
 * @module
 */
import type { BatchId } from '../../policy/core/types.ts'
import type { PooledNode } from '../nodes/nodes.ts'
import type { Post } from '../scheduler/driver.ts'

/** A node that never says so is not waited for: the oldest are forgotten. */
const MOST = 1024

export function createCancelled(post: Post) {
  const nodes = new Map<BatchId, PooledNode>()
  return {
    add(batch: BatchId, node: PooledNode): void {
      nodes.set(batch, node)
      if (nodes.size > MOST) nodes.delete(nodes.keys().next().value!)
    },

    /**
     * What a node says of a batch. False where that is not one of these. The scheduler, which may have
     * done with it before, makes nothing of what it does not know.
     *
     * @param computeMs what it took; nodes of before do not say
     */
    ended(batch: BatchId, node: PooledNode, computeMs: number | undefined): boolean {
      if (nodes.get(batch) !== node) return false
      nodes.delete(batch)
      post({
        ...{ type: 'batch_failed', batch, message: 'Called off' },
        ...computeMs === undefined ? {} : { computeMs },
      })
      return true
    },

    left(node: PooledNode): void {
      for (const [batch, other] of nodes) if (other === node) nodes.delete(batch)
    },
  }
}

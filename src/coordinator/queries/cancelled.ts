/**
 * Batches that were cancelled. A node cannot interrupt a run: its slot is taken until it reports
 * the end of the run.
 *
 * @module
 */
import type { BatchId } from '../../policy/core/types.ts'
import type { PooledNode } from '../nodes/nodes.ts'
import type { Post } from '../scheduler/driver.ts'

/** Batches remembered; beyond that the oldest is forgotten, whose node may never report its end. */
const MOST = 1024

export function createCancelled(post: Post) {
  const nodes = new Map<BatchId, PooledNode>()
  return {
    add(batch: BatchId, node: PooledNode): void {
      nodes.set(batch, node)
      if (nodes.size > MOST) nodes.delete(nodes.keys().next().value!)
    },

    /**
     * Notes the end of a batch. False where the batch was not cancelled. The scheduler ignores
     * batches that it does not know any more.
     *
     * @param computeMs time of the run; absent from older nodes
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

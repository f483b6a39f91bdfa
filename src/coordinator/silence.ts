/**
 * Nodes that fell silent.
 *
 * @module
 */
import type { createBatches } from './batches.ts'
import type { Post } from './driver.ts'
import type { Log } from './log.ts'
import { isPaused, type PooledNode, takesWork } from './nodes.ts'

/**
 * A node that fell silent gets nothing while others are there, and what it has goes to them: a
 * half-open connection, a stopped process or a sleeping laptop would keep it until it is overdue.
 * Others that are paused are no others: with them alone nobody would be left to do the work.
 *
 * @returns to be called when a node fell silent, is heard of again, got ready, paused, went on, or left
 */
export function createSilence({ nodes, batches, post, log }: {
  nodes: ReadonlyMap<string, PooledNode>
  batches: Pick<ReturnType<typeof createBatches>, 'abandon'>
  post: Post
  log: Log
}): () => void {
  return function weigh() {
    const sound = [...nodes.values()].some((node) => !node.silent && takesWork(node))
    for (const node of nodes.values()) {
      const sidelined = node.silent && sound
      if (sidelined === node.sidelined) continue
      node.sidelined = sidelined
      log(
        `node ${node.name} ${node.silent ? 'fell silent' : 'is heard of again'}`,
        node.silent ? 'warn' : 'info',
        { event: node.silent ? 'node_silent' : 'node_heard', node: node.id, name: node.name },
      )
      post({ type: 'node_reported', node: node.id, paused: isPaused(node) })
      if (sidelined) batches.abandon(node, 'the node fell silent')
    }
  }
}

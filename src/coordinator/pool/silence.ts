/**
 * Nodes that sent no message for a while.
 *
 * @module
 */
import type { Log } from '../core/log.ts'
import { isPaused, type PooledNode, takesWork } from '../nodes/nodes.ts'
import type { createBatches } from '../queries/batches.ts'
import type { Post } from '../scheduler/driver.ts'

/**
 * A silent node gets no batches while other nodes do the same tasks, and its batches go to them: a
 * half-open connection, a stopped process or a sleeping laptop would hold them until they are
 * overdue. Where no other node can do one of its tasks, because all are paused or hold no variant
 * of it, the silent node keeps its batches: it may still answer.
 *
 * @returns to be called when a node falls silent, sends messages again, loads or unloads a variant,
 *   pauses, resumes or leaves
 */
export function createSilence({ nodes, batches, post, log }: {
  nodes: ReadonlyMap<string, PooledNode>
  batches: Pick<ReturnType<typeof createBatches>, 'abandon'>
  post: Post
  log: Log
}): () => void {
  return function weigh() {
    // Called for every load and unload: mostly no node is silent.
    if (![...nodes.values()].some(({ silent, sidelined }) => silent || sidelined)) return
    const done = new Set<string>()
    for (const node of nodes.values()) {
      if (!node.silent && takesWork(node)) { for (const task of node.tasks) done.add(task) }
    }
    for (const node of nodes.values()) {
      const sidelined = node.silent && done.size > 0 && done.isSupersetOf(node.tasks)
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

/**
 * Nodes that fell silent.
 *
 * @module
 */
import type { Log } from '../core/log.ts'
import { isPaused, type PooledNode, takesWork } from '../nodes/nodes.ts'
import type { createBatches } from '../queries/batches.ts'
import type { Post } from '../scheduler/driver.ts'

/**
 * A node that fell silent gets nothing while others do the same tasks, and what it has goes to them: a
 * half-open connection, a stopped process or a sleeping laptop would keep it until it is overdue.
 * Others that are paused, or hold nothing of one of its tasks, are no others: nobody would be left to
 * do that, and what it answers after all would come to nothing.
 *
 * @returns to be called when a node fell silent, is heard of again, got ready or let go of a variant,
 *   paused, went on, or left
 */
export function createSilence({ nodes, batches, post, log }: {
  nodes: ReadonlyMap<string, PooledNode>
  batches: Pick<ReturnType<typeof createBatches>, 'abandon'>
  post: Post
  log: Log
}): () => void {
  return function weigh() {
    // Called for every variant that is ready or gone: mostly nobody is silent.
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

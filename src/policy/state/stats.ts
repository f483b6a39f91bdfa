/**
 * The snapshot for `/v1/stats`.
 *
 * @module
 */
import type { Counters } from './counters.ts'
import type { PoolNode } from './slots.ts'
import type { Waiting } from './waiting.ts'
import type { Shapes } from '../core/graph.ts'
import type { SchedulerStats } from '../core/types.ts'

/** A node is active for so long after it was given a batch, and while it runs one. */
const ACTIVE_MS = 1000
/** Of a node that was not put in a class yet. */
const NEW_CLASS = 'new'

export function dispatcherStats(
  counters: Counters,
  waiting: Waiting,
  nodes: Iterable<PoolNode>,
  shapes: Shapes,
  nowMs: number,
): SchedulerStats {
  const stats: SchedulerStats = {
    pipelines: {},
    nodes: {},
    batchCloses: Object.fromEntries(counters.batchCloses),
  }
  for (const [name, counts] of counters.pipelines) {
    const { tasks } = shapes.pipelines.get(name)!
    stats.pipelines[name] = {
      ...counts,
      failed: { ...counts.failed },
      queued: Object.fromEntries(tasks.map((task) => [task.name, waiting.count(task)])),
    }
  }
  for (const node of nodes) {
    stats.nodes[node.id] = {
      class: node.class ?? NEW_CLASS,
      state: stateOf(node, nowMs),
      instances: node.slots.reduce((sum, slot) => sum + slot.held.size, 0),
      batches: node.batches,
      items: node.items,
    }
  }
  return stats
}

function stateOf(node: PoolNode, nowMs: number): SchedulerStats['nodes'][string]['state'] {
  if (node.paused) return 'paused'
  const runs = node.slots.some((slot) => slot.batches.length > 0)
  if (runs || nowMs - node.lastBatchMs < ACTIVE_MS) return 'active'
  return node.resting ? 'resting' : 'standby'
}

/**
 * Counters, and the snapshot for `/v1/stats`.
 *
 * @module
 */
import type { Shapes } from '../core/graph.ts'
import type { FailureReason, SchedulerStats } from '../core/types.ts'
import { slot } from './params.ts'
import type { PoolNode } from './node.ts'
import type { Waiting } from './waiting.ts'

/** Why a batch has its size. */
export type CloseReason = 'queue_empty' | 'full' | 'slack' | 'no_gain'

class PipelineCounts {
  arrived = 0
  onTime = 0
  failed: { [reason: string]: number } = {}
  cancelled = 0
  inFlight = 0
  accuracySum = 0

  add(other: PipelineCounts): void {
    this.arrived += other.arrived
    this.onTime += other.onTime
    this.cancelled += other.cancelled
    this.accuracySum += other.accuracySum
    for (const [reason, count] of Object.entries(other.failed)) {
      this.failed[reason] = (this.failed[reason] ?? 0) + count
    }
  }
}

export class Counters {
  readonly pipelines = new Map<string, PipelineCounts>()
  readonly batchCloses = new Map<CloseReason, number>()

  constructor(shapes: Shapes) {
    for (const name of shapes.pipelines.keys()) this.open(name)
  }

  open(pipeline: string): void {
    this.pipelines.set(pipeline, new PipelineCounts())
  }

  /** Adds the counts of a removed pipeline to the one that replaced it. */
  fold(from: string, into: string): void {
    const counts = this.pipelines.get(from)
    this.pipelines.delete(from)
    if (counts !== undefined) this.pipelines.get(into)?.add(counts)
  }

  arrived(pipeline: string): void {
    this.pipelines.get(pipeline)!.arrived++
  }

  failed(pipeline: string, reason: FailureReason): void {
    const { failed } = this.pipelines.get(pipeline)!
    failed[reason] = (failed[reason] ?? 0) + 1
  }

  served(pipeline: string, accuracy: number): void {
    const counts = this.pipelines.get(pipeline)!
    counts.onTime++
    counts.accuracySum += accuracy
  }

  closed(reason: CloseReason): void {
    this.batchCloses.set(reason, (this.batchCloses.get(reason) ?? 0) + 1)
  }
}

export const createCounters = (shapes: Shapes): Counters => new Counters(shapes)

export function dispatcherStats(
  { pipelines, batchCloses }: Counters,
  waiting: Waiting,
  nodes: Iterable<PoolNode>,
  shapes: Shapes,
  nowMs: number,
): SchedulerStats {
  const stats: SchedulerStats = {
    pipelines: {},
    nodes: {},
    batchCloses: Object.fromEntries(batchCloses),
  }
  for (const [name, counts] of pipelines) {
    const { tasks } = shapes.pipelines.get(name)!
    const queued = Object.fromEntries(tasks.map((task) => [task.name, waiting.count(task)]))
    stats.pipelines[name] = { ...counts, failed: { ...counts.failed }, queued }
  }
  for (const node of nodes) {
    stats.nodes[node.id] = {
      class: node.class ?? 'new',
      state: stateOf(node, nowMs),
      instances: node.slots.reduce((sum, { held }) => sum + held.size, 0),
      batches: node.batches,
      items: node.items,
    }
  }
  return stats
}

/** A node is active while it runs a batch, and for a second after the last was sent to it. */
function stateOf(node: PoolNode, nowMs: number): SchedulerStats['nodes'][string]['state'] {
  if (node.paused) return 'paused'
  const runs = node.slots.some(({ batches }) => batches.length > 0)
  if (runs || nowMs - node.lastBatchMs < slot.silentMs) return 'active'
  return node.inUse.slots === 0 ? 'resting' : 'standby'
}

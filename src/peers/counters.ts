/**
 * The counters behind `/v1/stats`.
 *
 * @module
 */
import type { DeadlineQueue } from '../policy/state/queue.ts'
import type { FailureReason, SchedulerStats } from '../policy/core/types.ts'
import type { Model } from './model.ts'
import type { Query } from './queries.ts'
import type { Worker } from './worker.ts'

const ACTIVE_MS = 1000

export function createCounters({ pipelines, tasks }: Model) {
  const rows = new Map(
    pipelines.map(({ name }) => [name, {
      arrived: 0,
      onTime: 0,
      failed: {} as { [reason: string]: number },
      cancelled: 0,
      accuracySum: 0,
    }]),
  )
  const rowOf = (query: Query) => rows.get(query.pipeline.name)!

  return {
    arrived: (query: Query) => void rowOf(query).arrived++,
    cancelled: (query: Query) => void rowOf(query).cancelled++,
    failed(query: Query, reason: FailureReason) {
      const { failed } = rowOf(query)
      failed[reason] = (failed[reason] ?? 0) + 1
    },
    served(query: Query, accuracy: number) {
      const row = rowOf(query)
      row.onTime++
      row.accuracySum += accuracy
    },
    stats(
      queries: DeadlineQueue<Query>,
      workers: readonly Worker[],
      nowMs: number,
    ): SchedulerStats {
      const stats: SchedulerStats = { pipelines: {}, nodes: {}, batchCloses: {} }
      for (const [name, row] of rows) {
        const queued = tasks.filter(({ pipeline }) => pipeline.name === name).map((task) => {
          const mine = workers.filter(({ variant }) => variant?.task === task)
          return [task.name, mine.reduce((sum, { queue }) => sum + queue.length, 0)]
        })
        stats.pipelines[name] = {
          ...row,
          failed: { ...row.failed },
          inFlight: 0,
          queued: Object.fromEntries(queued),
        }
      }
      for (let i = 0; i < queries.length; i++) {
        stats.pipelines[queries.at(i)!.pipeline.name]!.inFlight++
      }
      for (const worker of workers) {
        const node = stats.nodes[worker.node] ??= {
          class: worker.class.name,
          state: 'resting',
          instances: 0,
          batches: 0,
          items: 0,
        }
        node.instances += worker.held.size
        node.batches += worker.batches
        node.items += worker.items
        if (worker.paused) node.state = 'paused'
        else if (worker.sent.length > 0 || nowMs - worker.lastBatchMs < ACTIVE_MS) {
          node.state = 'active'
        } else if (worker.held.size > 0 && node.state === 'resting') node.state = 'standby'
      }
      return stats
    },
  }
}

/**
 * What the dispatcher counts.
 *
 * @module
 */
import type { Shapes } from '../core/graph.ts'
import type { FailureReason } from '../core/types.ts'

/** Why a batch has the size that it has. */
export type CloseReason = 'queue_empty' | 'full' | 'slack' | 'no_gain'

export interface PipelineCounts {
  arrived: number
  onTime: number
  failed: { [reason: string]: number }
  cancelled: number
  inFlight: number
  accuracySum: number
}

export interface Counters {
  pipelines: Map<string, PipelineCounts>
  batchCloses: Map<CloseReason, number>
  open(pipeline: string): void
  /** One pipeline is gone, and another took its place: its counts are that one's. */
  fold(from: string, into: string): void
  arrived(pipeline: string): void
  failed(pipeline: string, reason: FailureReason): void
  served(pipeline: string, accuracy: number): void
  closed(reason: CloseReason): void
}

export function createCounters(shapes: Shapes): Counters {
  const pipelines = new Map<string, PipelineCounts>()
  const batchCloses = new Map<CloseReason, number>()

  function open(name: string): void {
    pipelines.set(name, {
      arrived: 0,
      onTime: 0,
      failed: {},
      cancelled: 0,
      inFlight: 0,
      accuracySum: 0,
    })
  }
  for (const name of shapes.pipelines.keys()) open(name)

  return {
    pipelines,
    batchCloses,
    open,
    fold(from, into) {
      const [counts, sum] = [pipelines.get(from), pipelines.get(into)]
      pipelines.delete(from)
      if (counts === undefined || sum === undefined) return
      sum.arrived += counts.arrived
      sum.onTime += counts.onTime
      sum.cancelled += counts.cancelled
      sum.accuracySum += counts.accuracySum
      for (const [reason, count] of Object.entries(counts.failed)) {
        sum.failed[reason] = (sum.failed[reason] ?? 0) + count
      }
    },
    arrived(pipeline) {
      pipelines.get(pipeline)!.arrived++
    },
    failed(pipeline, reason) {
      const { failed } = pipelines.get(pipeline)!
      failed[reason] = (failed[reason] ?? 0) + 1
    },
    served(pipeline, accuracy) {
      const counts = pipelines.get(pipeline)!
      counts.onTime++
      counts.accuracySum += accuracy
    },
    closed(reason) {
      batchCloses.set(reason, (batchCloses.get(reason) ?? 0) + 1)
    },
  }
}

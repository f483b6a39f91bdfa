/**
 * What the dispatcher counts, and tells the controller of that.
 *
 * @module
 */
import type { CloseReason } from './dispatch/batching.ts'
import { LOWERED, TIGHT } from './frontier/aim.ts'
import type { Report } from './frontier/report.ts'
import type { Shapes } from './shape.ts'
import type { FailureReason } from './types.ts'

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
  /** @param lesson how much it tells, see `lessonOf`: it counts in full, and is learned from so much */
  failed(pipeline: string, reason: FailureReason, lesson?: number): void
  /** @param slack share of its time that was left @param lowered share of its items that time lowered */
  served(
    pipeline: string,
    accuracy: number,
    slack: number,
    lowered: number,
    lesson?: number,
  ): void
  closed(reason: CloseReason): void
  /** Takes what was seen since the last call. */
  report(): Report['pipelines']
}

type Recent = Omit<Report['pipelines'][number], 'pipeline'>

const nothing = (): Recent => ({ arrived: 0, served: 0, tight: 0, missed: 0, refused: 0 })

export function createCounters(shapes: Shapes): Counters {
  const pipelines = new Map<string, PipelineCounts>()
  const batchCloses = new Map<CloseReason, number>()
  let recent = new Map<string, Recent>()

  function open(name: string): void {
    pipelines.set(name, {
      ...{ arrived: 0, onTime: 0, failed: {}, cancelled: 0, inFlight: 0, accuracySum: 0 },
    })
    recent.set(name, nothing())
  }
  for (const name of shapes.pipelines.keys()) open(name)

  return {
    pipelines,
    batchCloses,
    open,
    fold(from, into) {
      const [counts, sum] = [pipelines.get(from), pipelines.get(into)]
      pipelines.delete(from)
      recent.delete(from)
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
      recent.get(pipeline)!.arrived++
    },
    failed(pipeline, reason, lesson = 1) {
      const { failed } = pipelines.get(pipeline)!
      failed[reason] = (failed[reason] ?? 0) + 1
      if (reason === 'queue_full' || reason === 'infeasible_deadline') {
        recent.get(pipeline)!.refused += lesson
      }
      if (reason === 'deadline_exceeded') recent.get(pipeline)!.missed += lesson
    },
    served(pipeline, accuracy, slack, lowered, lesson = 1) {
      const counts = pipelines.get(pipeline)!
      counts.onTime++
      counts.accuracySum += accuracy
      const seen = recent.get(pipeline)!
      seen.served += lesson
      seen.tight += lesson * (slack < TIGHT ? 1 : LOWERED * lowered)
    },
    closed(reason) {
      batchCloses.set(reason, (batchCloses.get(reason) ?? 0) + 1)
    },
    report() {
      const seen = recent
      recent = new Map([...pipelines.keys()].map((name) => [name, nothing()]))
      return [...seen].map(([pipeline, counts]) => ({ pipeline, ...counts }))
    },
  }
}

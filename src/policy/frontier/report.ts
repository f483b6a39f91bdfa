/**
 * What the dispatchers tell the controller, so that it can steer.
 *
 * @module
 */
import type { NodeId } from '../types.ts'
import type { CapacityReport } from './problem.ts'

/** What one dispatcher saw since its last report, and what its nodes can do now. */
export interface Report {
  /** What is to come of all that is inside, as the mix does it, in shares of SLOs. */
  queue: number
  /** The class of each node. */
  classOf: ReadonlyMap<NodeId, string | null>
  capacity: CapacityReport
  pipelines: {
    pipeline: string
    arrived: number
    /** From here on queries count by how much they tell; see `demand/lesson.ts`. */
    served: number
    /** Ended in time, with less than `TIGHT` of it left; or in part went a worse way for want of time. */
    tight: number
    /** Admitted, but not ended in time. */
    missed: number
    /** Refused for want of capacity: `queue_full` or `infeasible_deadline`. */
    refused: number
  }[]
}

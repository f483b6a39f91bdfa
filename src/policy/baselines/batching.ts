/**
 * When a worker closes its next batch, and with how many items.
 *
 * @module
 */
import type { Item } from './queries.ts'
import { profiledMs, type Worker } from './worker.ts'

export interface Batching {
  /** Items of the worker's queue to send now; 0 to wait, at the longest until `untilMs`. */
  close(worker: Worker, nowMs: number): { size: number; untilMs: number }
  /** When the item must be through its present task. */
  taskDeadlineMs(item: Item): number
}

/** Loki and InferLine: whatever is there, up to the planned batch, as soon as the worker is free. */
export const workConserving: Batching = {
  close: ({ queue, batch }) => ({ size: Math.min(queue.length, batch), untilMs: Infinity }),
  taskDeadlineMs: ({ query }) => query.deadlineMs,
}

/**
 * Proteus (its "accscale"): with q items it waits for one more as long as q + 1 could still end by
 * the time that the first is due; a task is due at its share of the SLO.
 */
export const proteusBatching: Batching = {
  close(worker, nowMs) {
    const { queue, batch, class: { latencyMs }, variant, roundTripMs, freeAtMs } = worker
    const size = Math.min(queue.length, batch)
    if (size === 0 || size === batch) return { size, untilMs: Infinity }
    const dueMs = proteusBatching.taskDeadlineMs(queue[0]!)
    const waitsMs = Math.max(0, freeAtMs - nowMs - roundTripMs / 2)
    const untilMs = dueMs - roundTripMs - waitsMs - latencyMs(variant!, size + 1)
    return nowMs >= untilMs ? { size, untilMs: Infinity } : { size: 0, untilMs }
  },
  taskDeadlineMs: ({ arrivedMs, query: { pipeline } }) =>
    arrivedMs + pipeline.sloMs / pipeline.depth,
}

/**
 * How long before it is free a worker may be sent its next batch: so that it is at hand when the
 * present one ends, also somewhat early.
 */
export const leadMs = (worker: Worker): number => worker.roundTripMs / 2 + 0.1 * profiledMs(worker)

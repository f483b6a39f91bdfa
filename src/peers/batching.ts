/**
 * When a worker closes its next batch, and with how many items.
 *
 * @module
 */
import type { Item } from './queries.ts'
import { profiledMs, startMs, type Worker } from './worker.ts'

export interface Batching {
  /** Items of the worker's queue to send now; 0 to wait, at the longest until `untilMs`. */
  close(worker: Worker, nowMs: number): { size: number; untilMs: number }
}

/** When an item is to be through its task, if every task has an equal share of the SLO. */
export const taskDueMs = ({ arrivedMs, query: { pipeline } }: Item): number =>
  arrivedMs + pipeline.sloMs / pipeline.depth

/** The same before the leaves; there the deadline alone counts. */
export const innerDueMs = (item: Item): number =>
  item.task.children.length === 0 ? item.query.deadlineMs : taskDueMs(item)

/** Loki and InferLine: whatever is there, up to the planned batch, as soon as the worker is free. */
export const workConserving: Batching = {
  close: ({ queue, batch }) => ({ size: Math.min(queue.length, batch), untilMs: Infinity }),
}

/** A wait that is not worth a timer. */
const SOON_MS = 1e-3

/**
 * Proteus (its "accscale"): with q items it waits for one more as long as q + 1 could still end by
 * the time that the first is due; a task is due at its share of the SLO. Where more are there than
 * could end by then, as many as can.
 */
export const proteusBatching: Batching = {
  close(worker, nowMs) {
    const { queue, batch, class: { latencyMs }, variant, roundTripMs } = worker
    const most = Math.min(queue.length, batch)
    if (most === 0) return { size: 0, untilMs: Infinity }
    /** When it must begin, on the node, with so many. */
    const latestMs = (size: number) =>
      taskDueMs(queue[0]!) - roundTripMs / 2 - latencyMs(variant!, size)
    const fromMs = startMs(worker, nowMs)
    let size = most
    while (size > 1 && latestMs(size) < fromMs) size--
    if (size < queue.length || size === batch) return { size, untilMs: Infinity }
    const untilMs = latestMs(size + 1) - roundTripMs / 2
    return fromMs >= latestMs(size + 1) || untilMs <= nowMs + SOON_MS
      ? { size, untilMs: Infinity }
      : { size: 0, untilMs }
  },
}

/**
 * How long before it is free a worker may be sent its next batch: so that it is at hand when the
 * present one ends, also somewhat early.
 */
export const leadMs = (worker: Worker): number => worker.roundTripMs / 2 + 0.1 * profiledMs(worker)

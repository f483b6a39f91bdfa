/**
 * What a query that waits behind others keeps of its time, for batches that take longer than they
 * should and for the lumps that time comes in.
 *
 * @module
 */
/**
 * More than at the door: who is more urgent may come again and again, and each takes something.
 * With less some of those let in are lost where many come, and fewer are served.
 */
const INSIDE = 0.4

/**
 * Of what a query inside could spare, the part that nobody more urgent may take.
 *
 * @param aheadMs time until its turn comes
 */
export const keptInside = (aheadMs: number, leftMs: number) => INSIDE * Math.min(aheadMs, leftMs)

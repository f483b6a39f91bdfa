/**
 * What chance asks of slots beyond the mean of what comes: work comes in lumps, all items of a query at
 * once, and who has no more than their mean to do has a queue that grows. Of a fluid with a drift and
 * a variance more than x waits for `exp(-2 drift x / variance)` of the time (a reflected Brownian
 * motion), so what a task needs beyond its mean, in queries a second, is
 *
 *   ln(1 / share of the time) / (2 time to wait) * spread
 *
 * with the spread of the items of a query, mean of squares over square of mean: 1 where each query
 * has one, and more for few items of a query than for many.
 *
 * @module
 */
import type { TaskShape } from '../shape.ts'

/** Natural logarithm of how seldom a queue may be longer. */
const SELDOM = 5
/** Share of a query's time that it may wait, for all tasks on the longest way together. */
const WAITING = 0.8

/** Of a task whose spread is 1: more queries a second than come, so that few wait too long. */
export const queuePerS = (root: TaskShape, sloMs: number): number =>
  SELDOM * 1000 * depthOf(root) / (2 * WAITING * sloMs)

/** Spread of the items of a task, from that of the task before and its items for each query. */
export const spreadAfter = (spread: number, items: number): number => spread + 1 / items

/** Tasks on the longest way. */
export const depthOf = (task: TaskShape): number =>
  1 + task.next.reduce((most, child) => Math.max(most, depthOf(child)), 0)

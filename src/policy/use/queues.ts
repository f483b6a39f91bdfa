/**
 * How many slots keep queues short.
 *
 * @module
 */
import { backlog } from '../price/params.ts'
import { use } from './params.ts'

/** What is needed beyond the load depends on it. */
export interface Lumps {
  /** Slot ms of all of one query. */
  workMs: number
  sloMs: number
  /** How long a query may wait, and the share of queries that may wait longer. */
  waitMs: number
  beyond: number
  /** Accuracy that is lost for each share of the work that is saved. */
  lossPerShare: number
}

/**
 * Slots for a load of so many slots' worth of work.
 *
 * Work comes in lumps, all of a query at once, and chance makes a queue of them. The share of queries
 * that wait longer than some time falls exponentially with it, the faster the more slots there are beyond
 * the load: as of a fluid with the drift and the variance of such lumps.
 */
export function slotsFor(load: number, lumps: Lumps): number {
  if (load <= 1e-9) return 0
  const { workMs, waitMs, beyond } = lumps
  const spare = workMs * Math.log(1 / beyond) / (2 * Math.max(waitMs, 1e-3))
  let slots = Math.ceil(load + spare - 1e-9)
  while (lossOf(slots, load, lumps) > use.loss) slots++
  return slots
}

/** Mean share of the accuracy that is given up while queues beyond the usual are worked off. */
function lossOf(slots: number, load: number, { workMs, sloMs, lossPerShare }: Lumps): number {
  /** How fast long queues get seldom, per share of an SLO. */
  const decay = 2 * (slots - load) * sloMs / workMs
  const free = backlog.usual + 1 - load / slots
  return lossPerShare * Math.exp(-decay * free) / Math.max(decay, 1e-9)
}

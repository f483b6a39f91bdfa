/**
 * Number of slots that keep queues short.
 *
 * @module
 */
import { backlog } from '../price/params.ts'
import { use } from './params.ts'

/** Input for the slots needed beyond the load. */
export interface Lumps {
  /** Slot ms of one whole query. */
  workMs: number
  sloMs: number
  /** How long a query may wait in ms, and the share of queries that may wait longer. */
  waitMs: number
  beyond: number
  /** Accuracy lost per share of work saved. */
  lossPerShare: number
}

/**
 * Slots needed for a load, in slots' worth of work.
 *
 * Work comes in lumps, a whole query at once, and random arrivals form queues. The share of queries that
 * wait longer than some time falls exponentially with that time, the faster the more slots exceed the
 * load: as in a fluid queue with the drift and variance of such lumps.
 */
export function slotsFor(load: number, lumps: Lumps): number {
  if (load <= 1e-9) return 0
  const { workMs, waitMs, beyond } = lumps
  const spare = workMs * Math.log(1 / beyond) / (2 * Math.max(waitMs, 1e-3))
  let slots = Math.ceil(load + spare - 1e-9)
  while (lossOf(slots, load, lumps) > use.loss) slots++
  return slots
}

/** Mean share of accuracy lost while queues beyond the usual are worked off. */
function lossOf(slots: number, load: number, { workMs, sloMs, lossPerShare }: Lumps): number {
  /** Decay rate of the probability of a queue length, per share of an SLO. */
  const decay = 2 * (slots - load) * sloMs / workMs
  const free = backlog.usual + 1 - load / slots
  return lossPerShare * Math.exp(-decay * free) / Math.max(decay, 1e-9)
}

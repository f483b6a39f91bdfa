/**
 * Parameters of how much of each device is in use: unit, meaning, and what another value did where that
 * was tried.
 *
 * @module
 */
import type { Prefer } from '../core/elastic.ts'

/** What is in use costs, where nothing is known of what a device takes in slots' worth of time. */
export const use = {
  /** Cost of a node of which anything is in use; a slot that runs one thread costs 1. */
  node: 0.3,
  /** Cost of so many processors of one node grows with their number to this power: many nodes that work a little rather than few at their limit. */
  exponent: 1.3,
  /** 0: nodes keep all slots and threads that they lend. 0: nodes keep the duty that they lend. */
  scale: 1,
  pace: 1,
  /** Steps in which the duty is tried. */
  paces: 10,
  /** Share by which another shape has to cost less. */
  better: 0.02,
  /** ms over which the load is averaged; a change by the factor `load.jump` begins anew. */
  windowMs: 10_000,
  /** ms over which a rise is averaged. */
  riseMs: 2000,
  /** ms for which threads stay as many as were right: other ones are new workers. */
  threadsMs: 2000,
  /** Share of its time that a kind may be loaded for some of it to rest. */
  busy: 0.97,
  /** Share of the accuracy that queues may cost; prices shorten them, so about a twentieth of it is lost. */
  loss: 0.025,
  /** Least share of the SLO that queues may take, however long batches are. */
  leastSlack: 0.1,

  /**
   * Accuracy that a joule is worth where people are frugal. Without it such a pool takes 3.5 times the
   * processors for 0.1 points of accuracy.
   */
  joule: 2e-3,

  // Recruiting cold nodes
  /** ms that a node takes until it serves, until one was seen; and weight of the newest. */
  coldMs: 5000,
  coldWeight: 0.3,
  /** Times that, for which one that is coming is counted on, and that one takes at the most. */
  patience: 3,
  /** ms that what is asked now is expected to last, and as long again as it has lasted. */
  lastsMs: 10_000,
  /** Accuracy a second that is worth as much as one slot in use. */
  worth: 0.05,
  /** ms that a node that was recruited rests before it lets go of what it holds. */
  releaseMs: 600_000,
}

/**
 * What people prefer: queries wait for at most this share of the SLO and are answered within that, all
 * but so many.
 */
export const prefer: {
  [name in Exclude<Prefer, 'sooner'>]: { wait: number; within: number; beyond: number }
} = {
  frugal: { wait: 0.6, within: 1, beyond: 0.5 },
  balanced: { wait: 0.6, within: 0.5, beyond: 0.05 },
}

/** Times that waiting costs what it costs otherwise. */
export const waits: { [name in Prefer]: number } = { frugal: 1, balanced: 1, sooner: 4 }

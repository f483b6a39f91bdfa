/**
 * How much of a device is in use: the choices, and the preferences of people.
 *
 * @module
 */

/**
 * Goal of the pool. `frugal`: the least cost that keeps deadlines. `balanced`: the fewest devices that keep
 * the 95th percentile below half the deadline. `sooner`: all that is lent.
 */
export const PREFERENCES = ['frugal', 'balanced', 'sooner'] as const
export type Prefer = typeof PREFERENCES[number]

/** Watts at rest, and with all slots busy; between these a power law of the busy share. */
export interface Power {
  idleW: number
  busyW: number
  exponent: number
}

/** The part of a node in use, within the limits of its volunteer. */
export interface InUse {
  /** Slots that may have a batch at a time; 0: the node rests. */
  slots: number
  /** Share of the time that the slots work, 0 to 1. */
  duty: number
  /** Threads of one run. */
  threads: number
}

/** Further properties by which a node can be scaled. */
export interface Elastic {
  /** Whether nothing is loaded there until the node is recruited. */
  cold?: boolean
  /** Threads of a run when the node joins. */
  threads?: number
  /**
   * Measured speed of a batch with 1, 2, ... threads relative to one thread; up to the number lent. If
   * absent, threads stay as they are.
   */
  speedups?: readonly number[]
  /** Modelled power; if absent, cost is counted in slot time. */
  power?: Power
}

/** The part in use of a kind of similar nodes. */
export interface Level {
  /** Slots in total; and slots used on each node before further ones. */
  count: number
  slots: number
  duty: number
  threads: number
}

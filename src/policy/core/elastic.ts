/**
 * How much of a device is in use: what there is to choose from, and what people prefer.
 *
 * @module
 */

/**
 * What the pool is run for. `frugal`: the least cost that keeps deadlines. `balanced`: no device beyond
 * what brings the 95th percentile below half the deadline. `sooner`: all that is lent.
 */
export const PREFERENCES = ['frugal', 'balanced', 'sooner'] as const
export type Prefer = typeof PREFERENCES[number]

/** What a device takes at rest, and with all its slots busy; between them as a power of their share. */
export interface Power {
  idleW: number
  busyW: number
  exponent: number
}

/** What of a node is in use, within what its volunteer lends. */
export interface InUse {
  /** Slots that may have a batch at a time; 0: the node rests. */
  slots: number
  /** Share of the time that they work, 0..1. */
  duty: number
  /** Of one run. */
  threads: number
}

/** What else than slots and duty a node can be scaled by. */
export interface Elastic {
  /** Nothing is loaded there until the node is recruited. */
  cold?: boolean
  /** Threads of a run as they are when it joins. */
  threads?: number
  /**
   * How many times as fast as with one thread a batch runs with 1, 2, ... threads, as measured; up to
   * the most that are lent. Absent: threads are left as they are.
   */
  speedups?: readonly number[]
  /** Modelled. Absent: slot time counts. */
  power?: Power
}

/** What of alike nodes is in use. */
export interface Level {
  /** Slots in all, and of each node at first. */
  count: number
  slots: number
  duty: number
  threads: number
}

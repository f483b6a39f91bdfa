/**
 * Parameters of admission.
 *
 * @module
 */
export const admit = {
  /**
   * Least and most chance to be in time that lets a query in; between them it is the price. With 0.5 a burst
   * has one of thirty let in and lost.
   */
  least: 0.65,
  most: 0.95,
  /** The least where nobody is inside. */
  alone: 0.5,
  /** Deviation of the wait, as a share of it. */
  spread: 0.15,
  /**
   * A deadline test holds for such a share of the shortest SLO, and so many ms for each query inside, as it
   * takes a tenth of that; queries that are let in since are added.
   */
  holds: 0.02,
  holdsPerQueryMs: 0.005,
  /** A variant that is being loaded is waited for if it is there after so much of the time for that. */
  loaded: 0.5,
}

/** What a client is told of when to try again. */
export const retry = {
  /** ms, where what is asked for is loading, and where no node is there. */
  loadingMs: 1000,
  noNodeMs: 5000,
  /** ms at the least and at the most where the pool is full. */
  leastMs: 50,
  mostMs: 60_000,
  /** Queries that wait, for each slot that loads: how many such a slot can serve is not known yet. */
  waitingPerLoad: 16,
}

/** Queries that are let in though they would be late by what is known, as that may be wrong by now. */
export const doubt = {
  /** ms since a query was inside, and since the last of these: at first, and at the most. */
  quietMs: 250,
  mostQuietMs: 8000,
  /** Share of the quickest way that a query has at the least. */
  nearly: 0.8,
  /** Times what it has that a query needs, with less than is usual, which no node can be expected to do. */
  beyond: 8,
}

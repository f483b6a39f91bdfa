/**
 * Bounds of documents that may take long.
 *
 * @module
 */
const MINUTE_MS = 60_000

export const COSTLY = {
  /** Documents of one caller inside the pool, for each slot: one that runs, one that waits. */
  perSlot: 2,
  /** However few slots there are. */
  least: 2,
  /** Of one caller that wait to go inside, and ms before whoever finds no room is to come again. */
  waiting: 256,
  retryMs: 1000,
  /**
   * Times what a page took that was given up, in which no document of its caller goes inside: such pages
   * take a fifth of one slot at most.
   */
  rest: 4,
  /** For so long after that rest one document of the caller is inside at a time. */
  carefulMs: 10 * MINUTE_MS,
  /** Documents that were given up and are known again; a caller repeats the last few at most. */
  known: 1000,
} as const

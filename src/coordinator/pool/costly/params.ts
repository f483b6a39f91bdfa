/**
 * Bounds of documents that may take long.
 *
 * @module
 */
const MINUTE_MS = 60_000

export const COSTLY = {
  /** Documents of one caller in the pool, for each slot: one that runs, one that waits. */
  perSlot: 2,
  /** Least documents of one caller in the pool, however few slots there are. */
  least: 2,
  /**
   * Documents of one caller that wait for a turn; and ms until a refused caller is to try again.
   */
  waiting: 256,
  retryMs: 1000,
  /** Time after a document was given up in which its caller has one document in the pool. */
  carefulMs: MINUTE_MS,
  /**
   * Factor of the wait where another document is given up in that time: its caller gets no turn for
   * this many times its time. Such documents take a fifth of one slot at most; a single one costs
   * no wait.
   */
  rest: 4,
  /** Documents that were given up and are remembered; a caller repeats the last few at most. */
  known: 1000,
} as const

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
  /** For so long after a document was given up one of its caller is inside at a time. */
  carefulMs: MINUTE_MS,
  /**
   * Where another is given up meanwhile: times what it took, in which none of its caller goes inside. Such
   * pages take a fifth of one slot at most; a single bad page costs its caller no wait.
   */
  rest: 4,
  /** Documents that were given up and are known again; a caller repeats the last few at most. */
  known: 1000,
} as const

/**
 * Bounds of documents that are read while their callers wait.
 *
 * @module
 */
const SECOND_MS = 1000

export const CUTTING = {
  places: 2, // documents that are open at once, each in memory of a worker
  eachPlaces: 1, // of them that one caller has: another always gets in
  waiting: 32, // documents that wait for a place, each in memory
  eachWaiting: 16, // of them that one caller has
  retryMs: SECOND_MS, // before whoever found no room to wait is to come again
} as const

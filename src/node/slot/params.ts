/**
 * Bounds of what runs beside an inference worker.
 *
 * @module
 */
const SECOND_MS = 1000

/** Time for a step of a document: to open it, or to draw one page of it. */
export const DRAWING = {
  /** The usual page takes 30 to 60 ms on a laptop, a map of 100,000 lines a second or two. */
  leastMs: 5 * SECOND_MS,
  /** Times what the usual page takes here, where that is more: on a phone it takes 300 ms. */
  usual: 30,
  /** A machine that was busy when the usual page was drawn: no slot is held for longer by one page. */
  mostMs: 15 * SECOND_MS,
  /** To start the worker and to draw the usual page in it, on a machine that is busy. */
  startMs: 60 * SECOND_MS,
}

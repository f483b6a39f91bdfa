/**
 * How little time queries have: the laxity that all but few of them exceed. A slot that waits for a
 * batch to fill, or runs a long one for a small gain, is not there for who comes meanwhile; where all
 * have about as long that does no harm, and where some have much less it has these refused.
 *
 * @module
 */

/** Share of the queries that have less. */
const FEW = 0.05
/** What each query moves it by, as a logarithm: so that it stands still where that share has less. */
const STEP = 0.05
const UP = Math.exp(STEP * FEW)
const DOWN = Math.exp(-STEP * (1 - FEW))

export interface Haste {
  /** A query came that has so much time beside what the quickest way takes. */
  saw(laxityMs: number): void
  /** Infinity before any came. */
  readonly laxityMs: number
}

export function createHaste(): Haste {
  let few = Infinity
  return {
    saw(laxityMs) {
      if (!(laxityMs > 0)) return
      if (few === Infinity) few = laxityMs
      few *= laxityMs < few ? DOWN : UP
    },
    get laxityMs() {
      // Where all have the same it swings between that and a step less.
      return few / DOWN
    },
  }
}

/**
 * Mean latency of a variant over a few nodes of a group. What is asked for again and again is worked
 * out for all small batches together: it is finding what is known of each node that takes time.
 *
 * @module
 */
import { MOST_USUAL } from './latency_model.ts'
import type { PoolNode } from './slots.ts'
import type { VariantShape } from './shape.ts'

/** Of one variant on one group. */
export interface Means {
  /** From now on asked for anew. */
  begin(): void
  /** Upper latency of one item; as of the beginning, if nothing was asked for since. */
  readonly upperMs: number
  /** Mean latency of a batch, as of now; a batch may be a mean of batches. */
  meanMs(batch: number): number
}

/** Batches up to this are mostly asked for. */
const SMALL = 12

/**
 * @param loading the nodes are loading something: then all takes longer
 * @param revision rises whenever anything changes that is known of the variant
 */
export function createMeans(
  variant: VariantShape,
  nodes: readonly PoolNode[],
  loading: boolean,
  revision: (variant: VariantShape) => number,
): Means {
  const small = new Float64Array(SMALL + 1)
  let upperMs = 0
  /** What `small` and `upperMs` are of; NaN where they may change without notice. */
  let asOf = NaN

  function know(): void {
    small.fill(0)
    upperMs = 0
    let guessed = false
    for (const { times } of nodes) {
      const factor = loading ? times.loadFactor() : 1
      times.addMeans(variant, small, 1, SMALL, factor)
      upperMs += times.upperMs(variant, 1) * factor
      if (!times.isKnown(variant)) guessed = true
    }
    for (let batch = 1; batch <= SMALL; batch++) small[batch]! /= nodes.length
    upperMs /= nodes.length
    asOf = guessed || loading ? NaN : revision(variant)
  }

  return {
    begin() {
      if (asOf !== revision(variant)) know()
    },
    get upperMs() {
      return upperMs
    },
    meanMs(batch) {
      if (batch <= SMALL && Number.isInteger(batch)) {
        if (asOf !== revision(variant)) know()
        return small[batch]!
      }
      let sum = 0
      for (const { times } of nodes) {
        sum += times.meanMs(variant, batch) * (loading ? times.loadFactor() : 1)
      }
      return sum / nodes.length
    },
  }
}

/** The same, but what was asked for once stays as it was. */
export function frozen(means: Means): (batch: number) => number {
  const known = new Float64Array(MOST_USUAL + 1)
  return (batch) =>
    batch <= MOST_USUAL && Number.isInteger(batch)
      ? known[batch] ||= means.meanMs(batch)
      : means.meanMs(batch)
}

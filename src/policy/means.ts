/**
 * Mean latency of a variant over a few nodes of a group. What is asked for again and again is worked
 * out for all small batches together: it is finding what is known of each node that takes time.
 *
 * @module
 */
import { type LatencyModel, MOST_USUAL } from './latency_model.ts'
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

/** Batches up to the first are mostly asked for; more up to the next, once one of them is. */
const STAGES = [8, 24, MOST_USUAL]

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
  /** By batch, as far as it is known; 0 at 0. */
  const known = [0]
  let upperMs = 0
  /** What is known is of this revision; NaN where it may change without notice. */
  let asOf = NaN
  /** Of each node, undefined where its times are a guess. */
  const models: (LatencyModel | undefined)[] = []

  const factorOf = ({ times }: PoolNode) => loading ? times.loadFactor() : 1

  function renew(): void {
    known.length = 1
    upperMs = 0
    let guessed = false
    for (let i = 0; i < nodes.length; i++) {
      const { times } = nodes[i]!
      upperMs += times.upperMs(variant, 1) * factorOf(nodes[i]!)
      models[i] = times.modelOf(variant)
      if (models[i] === undefined) guessed = true
    }
    upperMs /= nodes.length
    asOf = guessed || loading ? NaN : revision(variant)
  }

  function know(upTo: number): void {
    const first = known.length
    while (known.length <= upTo) known.push(0)
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!
      const factor = factorOf(node)
      const model = models[i]
      if (model !== undefined) model.addMeans(known, first, upTo, factor)
      else {
        for (let batch = first; batch <= upTo; batch++) {
          known[batch]! += node.times.meanMs(variant, batch) * factor
        }
      }
    }
    for (let batch = first; batch <= upTo; batch++) known[batch]! /= nodes.length
  }

  return {
    begin() {
      if (asOf !== revision(variant)) renew()
    },
    get upperMs() {
      return upperMs
    },
    meanMs(batch) {
      if (asOf !== revision(variant)) renew()
      if (batch <= MOST_USUAL && Number.isInteger(batch)) {
        if (batch >= known.length) know(STAGES.find((stage) => batch <= stage)!)
        return known[batch]!
      }
      let sum = 0
      for (let i = 0; i < nodes.length; i++) {
        const node = nodes[i]!
        const model = models[i]
        sum += (model === undefined ? node.times.meanMs(variant, batch) : model.meanMs(batch)) *
          factorOf(node)
      }
      return sum / nodes.length
    },
  }
}

/** The same, but what was asked for once stays as it was. */
export interface Frozen {
  latencyMs(batch: number): number
  /** By batch, what was asked for so far. To be looked at first where much is asked for. */
  known: (number | undefined)[]
}

export function frozen(means: Means): Frozen {
  const known: (number | undefined)[] = []
  return {
    known,
    latencyMs: (batch) =>
      batch <= MOST_USUAL && Number.isInteger(batch)
        ? known[batch] ??= means.meanMs(batch)
        : means.meanMs(batch),
  }
}

/**
 * Mean latency of a variant over a few nodes of a group. What is asked for again and again is worked
 * out for all small batches together: it is finding what is known of each node that takes time.
 *
 * @module
 */
import type { LatencyModel } from '../estimate/latency.ts'
import { MOST_USUAL } from '../estimate/latency_model.ts'
import type { VariantShape } from '../core/graph.ts'
import type { PoolNode } from './slots.ts'

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
  /** Of those nodes whose times are no guess. */
  const models: LatencyModel[] = []

  const isSure = () => !Number.isNaN(asOf)

  function renew(): void {
    known.length = 1
    models.length = 0
    upperMs = 0
    for (const { times } of nodes) {
      const ms = times.upperMs(variant, 1)
      upperMs += loading ? ms * times.loadFactor() : ms
      const model = times.modelOf(variant)
      if (model !== undefined) models.push(model)
    }
    upperMs /= nodes.length
    asOf = loading || models.length < nodes.length ? NaN : revision(variant)
  }

  function know(upTo: number): void {
    const first = known.length
    while (known.length <= upTo) known.push(0)
    for (const model of models) model.addMeans(known, first, upTo)
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
      if (isSure() && asOf !== revision(variant)) renew()
      const sure = isSure()
      if (sure && batch <= MOST_USUAL && Number.isInteger(batch)) {
        if (batch >= known.length) know(STAGES.find((stage) => batch <= stage)!)
        return known[batch]!
      }
      let sum = 0
      for (let i = 0; i < nodes.length; i++) {
        const { times } = nodes[i]!
        const ms = sure ? models[i]!.meanMs(batch) : times.meanMs(variant, batch)
        sum += loading ? ms * times.loadFactor() : ms
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

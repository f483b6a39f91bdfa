/**
 * Estimates for a variant on a node that never ran it.
 *
 * If the node measured nothing, the class prior: the time on a node of the reference's speed, from the
 * pipeline file or from other nodes' measurements. If it did measure, the ratio between its batches and
 * its measurements corrects all of them: a profile taken at a busy time is wrong for all variants, and a
 * variant that seems slow is never chosen, so no batch would correct it. If its variants are off by
 * different factors, a variant that has not run is hoped to be off to the good, so that it is tried
 * (optimism in the face of uncertainty: Auer, Cesa-Bianchi, Fischer 2002).
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import { type Base, beyond } from './base.ts'
import type { LatencyModel } from './latency_model.ts'
import { exploration as E, latency } from './params.ts'

/** How times of larger batches are known: guessed, explored, or measured, in order of certainty. */
export const BATCHES = { guessed: 0, explored: 1, measured: 2 } as const
type Batches = (typeof BATCHES)[keyof typeof BATCHES]

interface ClassPrior {
  base: Base
  isKnown: boolean
  batches: Batches
}

export class ClassPriors {
  /** By variant index. */
  private readonly priors: ClassPrior[] = []

  of({ index, referenceMs }: VariantShape): ClassPrior {
    const base = (batch: number) => (referenceMs ?? latency.unknownMs) * batch
    return this.priors[index] ??= {
      base,
      isKnown: referenceMs !== undefined,
      batches: BATCHES.guessed,
    }
  }

  /**
   * A node has new latencies by batch size, the smallest for `first` items.
   *
   * @param slowness slowness of the node, used if the variant's own time is unknown
   */
  learn(
    variant: VariantShape,
    base: Base,
    first: number,
    batches: Batches,
    slowness: number,
  ): void {
    const prior = this.of(variant)
    if (prior.batches > batches) return
    const times = prior.isKnown ? base(first) / prior.base(first) : slowness
    this.priors[variant.index] = { base: (batch) => base(batch) / times, isKnown: true, batches }
  }

  /** One variant replaces another. */
  inherit(from: VariantShape, to: VariantShape): void {
    this.priors[to.index] = this.of(from)
  }
}

/** After a batch of the node: corrects its measurements of variants that it has not run. */
export function correctUntried(models: readonly (LatencyModel | undefined)[]): void {
  let [count, sum, squares, untried] = [0, 0, 0, 0]
  for (const model of models) {
    if (model === undefined || !model.isMeasured) continue
    const ratio = model.logRatio()
    if (ratio === undefined) untried++
    else {
      count++
      sum += ratio
      squares += ratio * ratio
    }
  }
  if (untried === 0 || count === 0) return
  const deviation = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2))
  const hope = Math.min(E.hope * Math.max(0, deviation - E.chance), E.mostHope)
  // The mean includes half a variant without error.
  const log = beyond(sum / (count + 0.5), E.chance) - hope
  for (const model of models) if (model?.isMeasured && !model.hasRun) model.assume(log)
}

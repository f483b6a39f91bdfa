/**
 * What is thought of a variant on a node that never ran it.
 *
 * Where the node measured nothing it is the class prior: what a node of the reference's speed takes, by
 * the pipeline file or by what others measured. Where it did measure, the ratio of the batches that it
 * ran to what it measured of them says how wrong its measurements are: a profile of a busy time is
 * wrong in all, and a variant that is thought slow is never chosen, so that no batch would correct it.
 * Where its variants are wrong by different factors, one that did not run is hoped to be off to the
 * good, so that it is tried (optimism in the face of uncertainty: Auer, Cesa-Bianchi, Fischer 2002).
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import { type Base, beyond } from './base.ts'
import type { LatencyModel } from './latency_model.ts'
import { exploration as E, latency } from './params.ts'

/** What larger batches take is a guess, was found by exploration, or was measured: the later the surer. */
export const BATCHES = { guessed: 0, explored: 1, measured: 2 } as const
type Batches = (typeof BATCHES)[keyof typeof BATCHES]

interface ClassPrior {
  base: Base
  isKnown: boolean
  batches: Batches
}

export class ClassPriors {
  /** By index of the variant. */
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
   * A node has news of what batches take, the smallest of which has `first` items.
   *
   * @param slowness of the node, for where the variant's own time is not known
   */
  told(variant: VariantShape, base: Base, first: number, batches: Batches, slowness: number): void {
    const prior = this.of(variant)
    if (prior.batches > batches) return
    const times = prior.isKnown ? base(first) / prior.base(first) : slowness
    this.priors[variant.index] = { base: (batch) => base(batch) / times, isKnown: true, batches }
  }

  /** One variant takes another's place. */
  inherit(from: VariantShape, to: VariantShape): void {
    this.priors[to.index] = this.of(from)
  }
}

/** A batch ended on the node: corrects what it measured of variants that it has yet to run. */
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
  // The mean counts as if half a variant more were as measured.
  const log = beyond(sum / (count + 0.5), E.chance) - hope
  for (const model of models) if (model?.isMeasured && !model.hasRun) model.assume(log)
}

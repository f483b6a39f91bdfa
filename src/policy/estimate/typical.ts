/**
 * What a node of the reference's speed takes for each variant: by the pipeline file at first, then
 * by what nodes measured or showed.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import type { Base } from './base.ts'

/** What larger batches take is a guess, was found out by trying, or was measured: the later the surer. */
export const GUESSED = 0
export const TRIED = 1
export const MEASURED = 2

export interface Typical {
  base: Base
  known: boolean
  batches: number
}

export interface Typicals {
  of(variant: VariantShape): Typical
  /**
   * A node has news of what batches take, the smallest first. How they pay is a property of the variant
   * first: nodes that know nothing of it take it over.
   *
   * @param slowness of the node, for where the variant's own time is not known
   */
  told(
    variant: VariantShape,
    base: Base,
    first: number,
    batches: number,
    slowness: number,
  ): void
  /** Batches of such a size were tried in vain. */
  paysNot(variant: VariantShape, size: number): void
  mayPay(variant: VariantShape, size: number): boolean
  /** One variant takes another's place. */
  inherit(from: VariantShape, to: VariantShape): void
}

/** Of a variant whose file gives no reference and that nobody measured. */
const UNKNOWN_MS = 100

export function createTypicals(): Typicals {
  /** By index of the variant. */
  const typical: Typical[] = []
  /** Likewise: the smallest that were tried in vain. */
  const vain: (number | undefined)[] = []

  const of = ({ index, referenceMs }: VariantShape): Typical =>
    typical[index] ??= {
      base: (batch) => (referenceMs ?? UNKNOWN_MS) * batch,
      ...{ known: referenceMs !== undefined, batches: GUESSED },
    }

  return {
    of,
    told(variant, base, first, batches, slowness) {
      const prior = of(variant)
      if (prior.batches > batches) return
      const times = prior.known ? base(first) / prior.base(first) : slowness
      typical[variant.index] = { base: (batch) => base(batch) / times, known: true, batches }
    },
    paysNot({ index }, size) {
      vain[index] = Math.min(vain[index] ?? Infinity, size)
    },
    mayPay: ({ index }, size) => size < (vain[index] ?? Infinity),
    inherit(from, to) {
      typical[to.index] = of(from)
      vain[to.index] = vain[from.index]
    },
  }
}

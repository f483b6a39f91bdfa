/**
 * What a node of the reference's speed takes for each variant: by the pipeline file at first, then
 * by what nodes measured or showed.
 *
 * @module
 */
import type { Base } from './latency_model.ts'
import type { VariantShape } from './shape.ts'

/** `batches`: what larger ones take is no guess. */
export interface Typical {
  base: Base
  known: boolean
  batches: boolean
}

export interface Typicals {
  of(variant: VariantShape): Typical
  /**
   * A node measured or found out what batches take, the smallest first. How they pay is a property
   * of the variant first: nodes that know nothing of it take it over.
   *
   * @param slowness of the node, for where the variant's own time is not known
   */
  told(
    variant: VariantShape,
    base: Base,
    first: number,
    batches: boolean,
    slowness: number,
  ): void
  /** One variant takes another's place. */
  inherit(from: VariantShape, to: VariantShape): void
}

/** Of a variant whose file gives no reference and that nobody measured. */
const UNKNOWN_MS = 100

export function createTypicals(): Typicals {
  /** By index of the variant. */
  const typical: Typical[] = []

  const of = ({ index, referenceMs }: VariantShape): Typical =>
    typical[index] ??= {
      base: (batch) => (referenceMs ?? UNKNOWN_MS) * batch,
      ...{ known: referenceMs !== undefined, batches: false },
    }

  return {
    of,
    told(variant, base, first, batches, slowness) {
      const prior = of(variant)
      if (prior.batches && !batches) return
      const times = prior.known ? base(first) / prior.base(first) : slowness
      typical[variant.index] = { base: (batch) => base(batch) / times, known: true, batches }
    },
    inherit(from, to) {
      typical[to.index] = of(from)
    },
  }
}

/**
 * Rulings of the pool's operator on variants: a pinned variant alone serves its task; a forbidden variant
 * serves nothing. All other variants are open.
 *
 * @module
 */
import type { PipelineShape, Prefix, VariantShape } from '../core/graph.ts'
import type { VariantRef, VariantRuling } from '../core/types.ts'

export interface Rulings {
  /** Replaces all rulings. A ruling on an unknown name takes effect once such a variant exists. */
  set(rulings: readonly VariantRuling[]): void
  isOpen(variant: VariantShape): boolean
  /** Highest minimum accuracy that a query can request and get. */
  bestFloor(shape: PipelineShape): number
  /** The rulings as part of a sentence; empty without rulings. */
  readonly words: string
}

export function createRulings(): Rulings {
  const forbidden = new Set<string>()
  /** Pinned variant by task. */
  const pinned = new Map<string, string>()
  const floors = new Map<PipelineShape, number>()
  let words = ''

  const taskOf = ({ pipeline, task }: VariantRef) => `${pipeline}\n${task}`
  const keyOf = (ref: VariantRef) => `${taskOf(ref)}\n${ref.variant}`

  const isOpen = ({ ref }: VariantShape) => {
    if (words === '') return true
    const only = pinned.get(taskOf(ref))
    return only === undefined ? !forbidden.has(keyOf(ref)) : only === ref.variant
  }

  const bestOf = (prefixes: readonly Prefix[]): number =>
    prefixes.reduce((best, { variant, next, accuracy }) => {
      if (!isOpen(variant)) return best
      const floor = next.reduce((least, branch) => Math.min(least, bestOf(branch)), Infinity)
      return Math.max(best, floor === Infinity ? accuracy : floor)
    }, 0)

  return {
    set(rulings) {
      forbidden.clear()
      pinned.clear()
      floors.clear()
      for (const one of rulings) {
        if (one.ruling === 'pinned') pinned.set(taskOf(one), one.variant)
        else forbidden.add(keyOf(one))
      }
      // Two versions of a pipeline have the same rulings.
      const sentences = rulings.map(({ task, variant, ruling }) =>
        `${task} ${variant} is ${ruling}`
      )
      words = [...new Set(sentences)].join(', ')
    },
    isOpen,
    bestFloor(shape) {
      if (words === '') return shape.bestFloor
      let floor = floors.get(shape)
      if (floor === undefined) floors.set(shape, floor = bestOf(shape.starts))
      return floor
    },
    get words() {
      return words
    },
  }
}

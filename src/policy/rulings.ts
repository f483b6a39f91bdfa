/**
 * What whoever runs the pool has said of variants: pinned, a variant alone serves its task;
 * forbidden, it serves nothing. All others are open.
 *
 * @module
 */
import type { PipelineShape, Prefix, Shapes, VariantShape } from './shape.ts'
import type { VariantRuling } from './types.ts'

export interface Rulings {
  /** All there are; replaces what was said before. Those of unknown variants are passed over. */
  set(rulings: readonly VariantRuling[]): void
  isOpen(variant: VariantShape): boolean
  /** Highest least accuracy that a query can ask for and get. */
  bestFloor(shape: PipelineShape): number
  /** As a part of a sentence; empty where nothing was said. */
  readonly words: string
}

export function createRulings(shapes: Shapes): Rulings {
  let closed: ReadonlySet<VariantShape> = new Set()
  let floors = new Map<PipelineShape, number>()
  let words = ''

  const isOpen = (variant: VariantShape) => !closed.has(variant)

  const bestOf = (prefixes: readonly Prefix[]): number =>
    prefixes.reduce((best, { variant, next, accuracy }) => {
      if (!isOpen(variant)) return best
      const floor = next.reduce((least, branch) => Math.min(least, bestOf(branch)), Infinity)
      return Math.max(best, floor === Infinity ? accuracy : floor)
    }, 0)

  return {
    set(rulings) {
      const shut = new Set<VariantShape>()
      for (const { ruling, ...ref } of rulings) {
        const variant = shapes.find(ref)
        if (variant === undefined) continue
        if (ruling === 'forbidden') shut.add(variant)
        else for (const other of variant.task.variants) if (other !== variant) shut.add(other)
      }
      closed = shut
      floors = new Map()
      words = rulings.map(({ task, variant, ruling }) => `${task} ${variant} is ${ruling}`)
        .join(', ')
    },
    isOpen,
    bestFloor(shape) {
      if (closed.size === 0) return shape.bestFloor
      let floor = floors.get(shape)
      if (floor === undefined) floors.set(shape, floor = bestOf(shape.starts))
      return floor
    },
    get words() {
      return words
    },
  }
}

/**
 * What whoever runs the pool has said of variants: pinned, a variant alone serves its task;
 * forbidden, it serves nothing. All others are open.
 *
 * @module
 */
import type { PipelineShape, Prefix, VariantShape } from '../core/graph.ts'
import type { VariantRef, VariantRuling } from '../core/types.ts'

export interface Rulings {
  /** All there are; replaces what was said before. Names that nothing has yet hold once it comes. */
  set(rulings: readonly VariantRuling[]): void
  isOpen(variant: VariantShape): boolean
  /** Highest least accuracy that a query can ask for and get. */
  bestFloor(shape: PipelineShape): number
  /** As a part of a sentence; empty where nothing was said. */
  readonly words: string
}

export function createRulings(): Rulings {
  const forbidden = new Set<string>()
  /** The one variant of a task. */
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
      // Two versions of a pipeline say the same.
      const said = rulings.map(({ task, variant, ruling }) => `${task} ${variant} is ${ruling}`)
      words = [...new Set(said)].join(', ')
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

/**
 * Variants that slots let go of while batches of them are there: the slot is told once those are done.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import type { Slot } from './node.ts'

export interface Left {
  slot: Slot
  variant: VariantShape
}

const isThere = ({ batches }: Slot, variant: VariantShape) =>
  batches.some((batch) => batch.variant === variant)

export class Leaving {
  #left: Left[] = []

  /** held -> leaving, or held -> absent. @returns whether no batch of it is there */
  letGo(slot: Slot, variant: VariantShape): boolean {
    if (!isThere(slot, variant)) return true
    slot.leaving.add(variant)
    return false
  }

  /** What runs on the slot changed. */
  changed(slot: Slot): void {
    for (const variant of slot.leaving) {
      if (isThere(slot, variant)) continue
      slot.leaving.delete(variant)
      this.#left.push({ slot, variant })
    }
  }

  /** What is gone since it was last asked. */
  take(): Left[] {
    if (this.#left.length === 0) return this.#left
    const left = this.#left
    this.#left = []
    return left
  }
}

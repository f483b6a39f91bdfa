/**
 * Variants released from slots with batches of them: the slot unloads them once those batches are done.
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

  /** held -> leaving, or held -> absent. @returns whether no batch of the variant is on the slot */
  letGo(slot: Slot, variant: VariantShape): boolean {
    if (!isThere(slot, variant)) return true
    slot.leaving.add(variant)
    return false
  }

  /** The batches of a slot changed. */
  changed(slot: Slot): void {
    for (const variant of slot.leaving) {
      if (isThere(slot, variant)) continue
      slot.leaving.delete(variant)
      this.#left.push({ slot, variant })
    }
  }

  /** Variants that became absent since the last call. */
  take(): Left[] {
    if (this.#left.length === 0) return this.#left
    const left = this.#left
    this.#left = []
    return left
  }
}

/**
 * Lets go of variants that were closed, each as soon as another one serves its task: what is pinned
 * may still have to be loaded, and queries do not wait for that.
 *
 * @module
 */
import type { Rulings } from '../pool/rulings.ts'
import type { TaskShape, VariantShape } from '../shape.ts'
import type { NodeId } from '../types.ts'
import type { LoaderParts } from './loader.ts'
import type { Member } from './placing.ts'

export interface Shutter {
  /** Variants were closed or opened. */
  ruled(): void
  /** A slot holds this one now. */
  came(variant: VariantShape): void
  /** Call it when anything changed; looks only while there may be something to let go of. */
  shut(): void
}

export function createShutter(
  members: ReadonlyMap<NodeId, Member>,
  { isOpen }: Pick<Rulings, 'isOpen'>,
  unload: LoaderParts['unload'],
): Shutter {
  let pending = false

  const isServed = (task: TaskShape) =>
    [...members.values()].some(({ paused, slots }) =>
      !paused && slots.some(({ held }) => [...held].some((v) => v.task === task && isOpen(v)))
    )

  return {
    ruled() {
      pending = true
    },
    came(variant) {
      if (!isOpen(variant)) pending = true
    },
    shut() {
      if (!pending) return
      pending = false
      const served = new Map<TaskShape, boolean>()
      for (const { id, slots } of members.values()) {
        slots.forEach((slot, index) => {
          for (const variant of [...slot.held]) {
            if (isOpen(variant)) continue
            const { task } = variant
            if (!served.has(task)) served.set(task, isServed(task))
            if (served.get(task) !== true) {
              pending = true
              continue
            }
            slot.held.delete(variant)
            unload(id, index, variant.ref)
          }
        })
      }
    },
  }
}

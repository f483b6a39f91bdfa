/**
 * Retirement: lets go of variants that were closed, each as soon as another one serves its task: what
 * is pinned may still have to be loaded, and queries do not wait for that.
 *
 * @module
 */
import type { Rulings } from '../state/rulings.ts'
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { NodeId } from '../core/types.ts'
import type { LoaderParts } from './loader.ts'
import type { Member } from './member.ts'

export function createRetirement(
  members: ReadonlyMap<NodeId, Member>,
  { isOpen }: Pick<Rulings, 'isOpen'>,
  unload: LoaderParts['unload'],
) {
  let pending = false
  const isServed = (task: TaskShape) =>
    [...members.values()].some(({ paused, slots }) =>
      !paused && slots.some(({ held }) => [...held].some((v) => v.task === task && isOpen(v)))
    )

  return {
    /** Variants were closed or opened. */
    ruled(): void {
      pending = true
    },
    /** A slot holds this one now. */
    came(variant: VariantShape): void {
      if (!isOpen(variant)) pending = true
    },
    /** Call it when anything changed; looks only while there may be something to let go of. */
    retire(): void {
      if (!pending) return
      pending = false
      const served = new Map<TaskShape, boolean>()
      for (const { id, slots } of members.values()) {
        slots.forEach((slot, index) => {
          for (const variant of [...slot.held].filter((one) => !isOpen(one))) {
            const { task } = variant
            if (!served.has(task)) served.set(task, isServed(task))
            if (served.get(task) === true) {
              slot.held.delete(variant)
              unload(id, index, variant.ref)
            } else pending = true
          }
        })
      }
    },
  }
}

/**
 * Retirement: lets go of variants that were closed, each as soon as another one serves its task: what
 * is pinned may still have to be loaded, and queries do not wait for that.
 *
 * @module
 */
import type { Rulings } from '../pool/rulings.ts'
import type { TaskShape, VariantShape } from '../shape.ts'
import type { NodeId } from '../types.ts'
import type { LoaderParts } from './loader.ts'
import type { Member } from './member.ts'

export class Retirement {
  #members: ReadonlyMap<NodeId, Member>
  #isOpen: Rulings['isOpen']
  #unload: LoaderParts['unload']
  #pending = false

  constructor(
    members: ReadonlyMap<NodeId, Member>,
    { isOpen }: Pick<Rulings, 'isOpen'>,
    unload: LoaderParts['unload'],
  ) {
    this.#members = members
    this.#isOpen = isOpen
    this.#unload = unload
  }

  /** Variants were closed or opened. */
  ruled(): void {
    this.#pending = true
  }

  /** A slot holds this one now. */
  came(variant: VariantShape): void {
    if (!this.#isOpen(variant)) this.#pending = true
  }

  /** Call it when anything changed; looks only while there may be something to let go of. */
  retire(): void {
    if (!this.#pending) return
    this.#pending = false
    const served = new Map<TaskShape, boolean>()
    for (const { id, slots } of this.#members.values()) {
      slots.forEach((slot, index) => {
        for (const variant of [...slot.held].filter((one) => !this.#isOpen(one))) {
          const { task } = variant
          if (!served.has(task)) served.set(task, this.#isServed(task))
          if (served.get(task) !== true) {
            this.#pending = true
            continue
          }
          slot.held.delete(variant)
          this.#unload(id, index, variant.ref)
        }
      })
    }
  }

  #isServed(task: TaskShape): boolean {
    return [...this.#members.values()].some(({ paused, slots }) =>
      !paused &&
      slots.some(({ held }) => [...held].some((one) => one.task === task && this.#isOpen(one)))
    )
  }
}

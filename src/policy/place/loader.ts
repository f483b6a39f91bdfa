/**
 * Loading: brings to each slot what the placement wants there, one load at a time for each slot,
 * with a bounded number of tries in a row, growing pauses between them, and a long one after the last;
 * and retirement, which lets go of what is to be held no more.
 *
 * @module
 */
import type { Rulings } from '../state/rulings.ts'
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { NodeId, PolicyCommand } from '../core/types.ts'
import type { PoolNode, Slot } from '../state/node.ts'
import type { Pool } from '../state/pool.ts'
import { bytesOf } from './holding.ts'
import { load } from './params.ts'

export interface LoaderParts {
  pool: Pick<Pool, 'loads' | 'letGo' | 'drop'>
  /** In a row. */
  maxAttempts: number
  emit(command: PolicyCommand): void
}

export class Loader {
  #parts: LoaderParts

  constructor(parts: LoaderParts) {
    this.#parts = parts
  }

  /** Starts what slots of a node can load. @param may whether the next load of a slot may begin now */
  start(node: PoolNode, may: (slot: Slot) => boolean, nowMs: number): void {
    for (const slot of node.slots) if (slot.loading === null && may(slot)) this.#next(slot, nowMs)
  }

  /**
   * Emits the next load of this slot, if anything is wanted; before it, or once nothing is missing,
   * unloads what has to make room, and waits for what is leaving.
   */
  #next(slot: Slot, nowMs: number): void {
    const { node } = slot
    // Variants that the node is no more able to hold have no place, however much memory there is.
    const fits = (variants: readonly VariantShape[]) =>
      bytesOf(node, variants) <= node.memoryBytes &&
      variants.every((variant) => node.bytesOf.has(variant))
    const surplus = [...slot.held].filter((variant) => !slot.wanted.includes(variant))
    const [variant, ...later] = slot.wanted.filter((variant) =>
      !slot.held.has(variant) && !slot.leaving.has(variant) &&
      (slot.failures.get(variant)?.retryAtMs ?? 0) <= nowMs
    )
    const beside = variant === undefined || node.swapRoom ? [] : [variant]
    while (surplus.length > 0 && !fits([...slot.held, ...beside])) {
      this.letGo(slot, surplus.shift()!)
    }
    if (variant === undefined) return
    if (slot.leaving.size > 0 && !fits([...slot.held, ...slot.leaving, ...beside])) return
    this.#emit('load', slot, variant)
    this.#parts.pool.loads(slot, variant, later, nowMs)
  }

  failed({ failures }: Slot, variant: VariantShape, nowMs: number): void {
    const count = (failures.get(variant)?.count ?? 0) + 1
    const isLast = count >= this.#parts.maxAttempts
    const pauseMs = isLast ? load.longPauseMs : load.firstPauseMs * 2 ** (count - 1)
    failures.set(variant, { count, retryAtMs: nowMs + pauseMs })
  }

  /** No batch of this goes to the slot any more; it unloads it once the batches of it are done. */
  letGo(slot: Slot, variant: VariantShape): void {
    if (this.#parts.pool.letGo(slot, variant)) this.unload(slot, variant)
  }

  /** Batches of what a slot let go of are done. */
  unload(slot: Slot, variant: VariantShape): void {
    this.#emit('unload', slot, variant)
  }

  /** Unloads at once what is served no more. */
  drop(slot: Slot, gone: (one: VariantShape) => boolean, nowMs: number): void {
    slot.wanted = slot.wanted.filter((variant) => !gone(variant))
    const { held, leaving, loading, failures } = slot
    for (const variant of [...held, ...leaving, ...loading === null ? [] : [loading]]) {
      if (!gone(variant)) continue
      this.#parts.pool.drop(slot, variant, nowMs)
      this.unload(slot, variant)
    }
    for (const variant of failures.keys()) if (gone(variant)) failures.delete(variant)
  }

  /** When a failed load may be tried again; Infinity where none is wanted. */
  retryAtMs({ loading, failures, wanted, held }: Slot): number {
    if (loading !== null) return Infinity
    let next = Infinity
    for (const [variant, { retryAtMs }] of failures) {
      if (wanted.includes(variant) && !held.has(variant)) next = Math.min(next, retryAtMs)
    }
    return next
  }

  #emit(type: 'load' | 'unload', { node, index }: Slot, { ref }: VariantShape): void {
    this.#parts.emit({ type, node: node.id, slot: index, ...ref })
  }
}

/**
 * Retirement: lets go of variants that were closed, each as soon as another one serves its task: what
 * is pinned may still have to be loaded, and queries do not wait for that.
 */
export class Retirement {
  #nodes: ReadonlyMap<NodeId, PoolNode>
  #isOpen: Rulings['isOpen']
  #loader: Pick<Loader, 'letGo'>
  #pending = false

  constructor(
    nodes: ReadonlyMap<NodeId, PoolNode>,
    isOpen: Rulings['isOpen'],
    loader: Pick<Loader, 'letGo'>,
  ) {
    this.#nodes = nodes
    this.#isOpen = isOpen
    this.#loader = loader
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
    const served = this.#servedTasks()
    for (const slot of this.#slots(() => true)) {
      for (const variant of [...slot.held].filter((one) => !this.#isOpen(one))) {
        if (served.has(variant.task)) this.#loader.letGo(slot, variant)
        else this.#pending = true
      }
    }
  }

  #servedTasks(): Set<TaskShape> {
    const held = this.#slots(({ paused }) => !paused).flatMap((slot) => [...slot.held])
    return new Set(held.filter(this.#isOpen).map(({ task }) => task))
  }

  #slots(of: (node: PoolNode) => boolean): Slot[] {
    return [...this.#nodes.values()].filter(of).flatMap(({ slots }) => slots)
  }
}

/**
 * Loading: brings to each slot the variants that the placement wants there, one load at a time for each
 * slot, with a limited number of tries in a row, growing pauses between them, and a long pause after the
 * last. Retirement: releases variants that should not be held any more.
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
  /** Most failed tries in a row. */
  maxAttempts: number
  emit(command: PolicyCommand): void
}

export class Loader {
  #parts: LoaderParts

  constructor(parts: LoaderParts) {
    this.#parts = parts
  }

  /** Starts the loads of a node's slots. @param may whether the next load of a slot may begin now */
  start(node: PoolNode, may: (slot: Slot) => boolean, nowMs: number): void {
    for (const slot of node.slots) if (slot.loading === null && may(slot)) this.#next(slot, nowMs)
  }

  /**
   * Emits the next load of a slot. Before that, or if no variant is missing, it unloads surplus variants
   * that do not fit, and waits for those that are leaving.
   */
  #next(slot: Slot, nowMs: number): void {
    const { node } = slot
    // Variants that the node cannot run any more must go, however much memory there is.
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

  /** Releases a variant: the slot gets no batch of it, and unloads it once its batches are done. */
  letGo(slot: Slot, variant: VariantShape): void {
    if (this.#parts.pool.letGo(slot, variant)) this.unload(slot, variant)
  }

  unload(slot: Slot, variant: VariantShape): void {
    this.#emit('unload', slot, variant)
  }

  /** Unloads variants of removed pipelines at once. */
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

  /** When a failed load may be tried again; Infinity if none is wanted. */
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
 * Retirement: releases closed variants, each as soon as an open one serves its task. A pinned variant may
 * still have to load, and queries do not wait for that.
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

  /** A slot now holds this variant. */
  came(variant: VariantShape): void {
    if (!this.#isOpen(variant)) this.#pending = true
  }

  /** Releases what can go; to be called after any change. Does nothing while no variant is to be released. */
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

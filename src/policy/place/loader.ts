/**
 * Loading: brings to each slot what the placement wants there, one load at a time for each slot,
 * with a bounded number of tries in a row, growing pauses between them, and a long one after the last;
 * and retirement, which lets go of what is to be held no more.
 *
 * @module
 */
import type { Rulings } from '../state/rulings.ts'
import type { TaskShape, VariantShape } from '../core/graph.ts'
import type { NodeId, SlotIndex, VariantRef } from '../core/types.ts'
import { load } from './params.ts'

export interface LoadingSlot {
  /** What it is to hold, in the order of loading. */
  wanted: VariantShape[]
  held: Set<VariantShape>
  loading: VariantShape | null
  /** Let go of, but batches of them run there: they take memory until those are done. */
  leaving: Set<VariantShape>
  failures: Map<VariantShape, { count: number; retryAtMs: number }>
}

interface SlotAt {
  node: NodeId
  slot: SlotIndex
}

export interface LoaderParts {
  /** In a row. */
  maxAttempts: number
  /** @param later what is to be loaded there after it, in this order */
  load(node: NodeId, slot: SlotIndex, ref: VariantRef, later: readonly VariantShape[]): void
  /**
   * Nothing more of this is given to the slot, and it is told to unload it: at once, or once its batches
   * are done.
   *
   * @returns whether the slot was told
   */
  unload(node: NodeId, slot: SlotIndex, ref: VariantRef, atOnce: boolean): boolean
}

export class Loader {
  #parts: LoaderParts

  constructor(parts: LoaderParts) {
    this.#parts = parts
  }

  slot(): LoadingSlot {
    return { wanted: [], held: new Set(), loading: null, leaving: new Set(), failures: new Map() }
  }

  /**
   * Emits the next load of this slot, if it is free for one and anything is wanted; before it, or
   * once nothing is missing, unloads what has to make room, and waits for what is leaving.
   *
   * @param fits whether the slot may hold these together, and one more for the time of a swap
   */
  next(
    slot: LoadingSlot,
    at: SlotAt,
    fits: (variants: Iterable<VariantShape>) => boolean,
    swapRoom: boolean,
    nowMs: number,
  ): void {
    if (slot.loading !== null) return
    const surplus = [...slot.held].filter((variant) => !slot.wanted.includes(variant))
    const [variant, ...later] = slot.wanted.filter((variant) =>
      !slot.held.has(variant) && !slot.leaving.has(variant) &&
      (slot.failures.get(variant)?.retryAtMs ?? 0) <= nowMs
    )
    const beside = variant === undefined || swapRoom ? [] : [variant]
    while (surplus.length > 0 && !fits([...slot.held, ...beside])) {
      this.letGo(slot, at, surplus.shift()!)
    }
    if (variant === undefined) return
    if (slot.leaving.size > 0 && !fits([...slot.held, ...slot.leaving, ...beside])) return
    slot.loading = variant
    this.#parts.load(at.node, at.slot, variant.ref, later)
  }

  ready(slot: LoadingSlot, variant: VariantShape): void {
    slot.held.add(variant)
    slot.failures.delete(variant)
    if (slot.loading === variant) slot.loading = null
  }

  failed(slot: LoadingSlot, variant: VariantShape, nowMs: number): void {
    slot.held.delete(variant)
    if (slot.loading === variant) slot.loading = null
    const count = (slot.failures.get(variant)?.count ?? 0) + 1
    const isLast = count >= this.#parts.maxAttempts
    const pauseMs = isLast ? load.longPauseMs : load.firstPauseMs * 2 ** (count - 1)
    slot.failures.set(variant, { count, retryAtMs: nowMs + pauseMs })
  }

  /** As soon as the slot has done what it was given of this. */
  letGo(slot: LoadingSlot, { node, slot: index }: SlotAt, variant: VariantShape): void {
    slot.held.delete(variant)
    if (!this.#parts.unload(node, index, variant.ref, false)) slot.leaving.add(variant)
  }

  /** Lets go at once of what is served no more. */
  drop(slot: LoadingSlot, at: SlotAt, gone: (one: VariantShape) => boolean): void {
    slot.wanted = slot.wanted.filter((variant) => !gone(variant))
    const { loading } = slot
    for (const variant of [...slot.held, ...slot.leaving, ...loading === null ? [] : [loading]]) {
      if (!gone(variant)) continue
      slot.held.delete(variant)
      slot.leaving.delete(variant)
      this.#parts.unload(at.node, at.slot, variant.ref, true)
    }
    if (loading !== null && gone(loading)) slot.loading = null
    for (const variant of slot.failures.keys()) if (gone(variant)) slot.failures.delete(variant)
  }

  /** When a failed load may be tried again; Infinity where none is wanted. */
  retryAtMs(slot: LoadingSlot): number {
    if (slot.loading !== null) return Infinity
    let next = Infinity
    for (const [variant, { retryAtMs }] of slot.failures) {
      if (slot.wanted.includes(variant) && !slot.held.has(variant)) {
        next = Math.min(next, retryAtMs)
      }
    }
    return next
  }
}

/** What there is to know of a node. */
interface Holder {
  id: NodeId
  paused: boolean
  slots: readonly LoadingSlot[]
}

/**
 * Retirement: lets go of variants that were closed, each as soon as another one serves its task: what
 * is pinned may still have to be loaded, and queries do not wait for that.
 */
export class Retirement {
  #members: ReadonlyMap<NodeId, Holder>
  #isOpen: Rulings['isOpen']
  #loader: Pick<Loader, 'letGo'>
  #pending = false

  constructor(
    members: ReadonlyMap<NodeId, Holder>,
    isOpen: Rulings['isOpen'],
    loader: Pick<Loader, 'letGo'>,
  ) {
    this.#members = members
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
    for (const { id, slots } of this.#members.values()) {
      slots.forEach((slot, index) => {
        for (const variant of [...slot.held].filter((one) => !this.#isOpen(one))) {
          if (served.has(variant.task)) {
            this.#loader.letGo(slot, { node: id, slot: index }, variant)
          } else this.#pending = true
        }
      })
    }
  }

  #servedTasks(): Set<TaskShape> {
    const active = [...this.#members.values()].filter(({ paused }) => !paused)
    const held = active.flatMap(({ slots }) => slots.flatMap((slot) => [...slot.held]))
    return new Set(held.filter(this.#isOpen).map(({ task }) => task))
  }
}

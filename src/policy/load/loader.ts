/**
 * Loading: brings to each slot what the placement wants there, one load at a time for each slot,
 * with a bounded number of tries and growing pauses between them.
 *
 * @module
 */
import type { VariantShape } from '../shape.ts'
import type { NodeId, SlotIndex, VariantRef } from '../types.ts'

export interface LoadingSlot {
  /** What it is to hold, in the order of loading. */
  wanted: VariantShape[]
  held: Set<VariantShape>
  loading: VariantShape | null
  failures: Map<VariantShape, { count: number; retryAtMs: number }>
}

export interface Loader {
  slot(): LoadingSlot
  /**
   * Emits the next load of this slot, if it is free for one and anything is wanted; before it, or
   * once nothing is missing, unloads what has to make room.
   *
   * @param fits whether the slot may hold these together, and one more for the time of a swap
   */
  next(
    slot: LoadingSlot,
    at: { node: NodeId; slot: SlotIndex },
    fits: (variants: Iterable<VariantShape>) => boolean,
    swapRoom: boolean,
    nowMs: number,
  ): void
  ready(slot: LoadingSlot, variant: VariantShape): void
  /** Lets go of what is served no more. */
  drop(
    slot: LoadingSlot,
    at: { node: NodeId; slot: SlotIndex },
    gone: (one: VariantShape) => boolean,
  ): void
  failed(slot: LoadingSlot, variant: VariantShape, nowMs: number): void
  /** When a failed load may be tried again; Infinity where none is to be. */
  retryAtMs(slot: LoadingSlot): number
}

const FIRST_PAUSE_MS = 2000

export interface LoaderParts {
  maxAttempts: number
  /** `replacing`: what the slot holds has to go once it is there. */
  load(node: NodeId, slot: SlotIndex, ref: VariantRef, replacing: boolean): void
  unload(node: NodeId, slot: SlotIndex, ref: VariantRef): void
}

export function createLoader(parts: LoaderParts): Loader {
  const { maxAttempts } = parts

  const isOpen = (slot: LoadingSlot, variant: VariantShape) =>
    !slot.held.has(variant) && (slot.failures.get(variant)?.count ?? 0) < maxAttempts

  return {
    slot: () => ({ wanted: [], held: new Set(), loading: null, failures: new Map() }),
    next(slot, at, fits, swapRoom, nowMs) {
      if (slot.loading !== null) return
      const surplus = [...slot.held].filter((variant) => !slot.wanted.includes(variant))
      const makeRoom = (beside: readonly VariantShape[]) => {
        while (surplus.length > 0 && !fits([...slot.held, ...beside])) {
          const variant = surplus.shift()!
          slot.held.delete(variant)
          parts.unload(at.node, at.slot, variant.ref)
        }
      }
      const variant = slot.wanted.find((variant) =>
        isOpen(slot, variant) && (slot.failures.get(variant)?.retryAtMs ?? 0) <= nowMs
      )
      makeRoom(variant === undefined || swapRoom ? [] : [variant])
      if (variant === undefined) return
      slot.loading = variant
      const replacing = surplus.length > 0 && !fits([...slot.held, variant])
      parts.load(at.node, at.slot, variant.ref, replacing)
    },
    drop(slot, at, gone) {
      slot.wanted = slot.wanted.filter((variant) => !gone(variant))
      const { loading } = slot
      for (const variant of [...slot.held, ...loading === null ? [] : [loading]]) {
        if (!gone(variant)) continue
        slot.held.delete(variant)
        parts.unload(at.node, at.slot, variant.ref)
      }
      if (loading !== null && gone(loading)) slot.loading = null
      for (const variant of slot.failures.keys()) if (gone(variant)) slot.failures.delete(variant)
    },
    ready(slot, variant) {
      slot.held.add(variant)
      slot.failures.delete(variant)
      if (slot.loading === variant) slot.loading = null
    },
    failed(slot, variant, nowMs) {
      slot.held.delete(variant)
      if (slot.loading === variant) slot.loading = null
      const count = (slot.failures.get(variant)?.count ?? 0) + 1
      slot.failures.set(variant, { count, retryAtMs: nowMs + FIRST_PAUSE_MS * 2 ** (count - 1) })
    },
    retryAtMs(slot) {
      if (slot.loading !== null) return Infinity
      let next = Infinity
      for (const [variant, { retryAtMs }] of slot.failures) {
        if (slot.wanted.includes(variant) && isOpen(slot, variant)) next = Math.min(next, retryAtMs)
      }
      return next
    },
  }
}

/**
 * Loading: brings to each slot what the placement wants there, one load at a time for each slot,
 * with a bounded number of tries in a row, growing pauses between them, and a long one after the last.
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
  /** When a failed load may be tried again; Infinity where none is wanted. */
  retryAtMs(slot: LoadingSlot): number
}

const FIRST_PAUSE_MS = 2000
/**
 * What kept all tries of a row from it may pass, as what else takes a device's memory does, and nobody
 * says so. A load that can never be costs the slot a moment an hour.
 */
const LONG_PAUSE_MS = 3_600_000

export interface LoaderParts {
  /** In a row. */
  maxAttempts: number
  /**
   * @param replacing what the slot holds has to go once it is there
   * @param later what is to be loaded there after it, in this order
   */
  load(
    node: NodeId,
    slot: SlotIndex,
    ref: VariantRef,
    replacing: boolean,
    later: readonly VariantShape[],
  ): void
  unload(node: NodeId, slot: SlotIndex, ref: VariantRef): void
}

export function createLoader(parts: LoaderParts): Loader {
  const { maxAttempts } = parts

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
      const [variant, ...later] = slot.wanted.filter((variant) =>
        !slot.held.has(variant) && (slot.failures.get(variant)?.retryAtMs ?? 0) <= nowMs
      )
      makeRoom(variant === undefined || swapRoom ? [] : [variant])
      if (variant === undefined) return
      slot.loading = variant
      const replacing = surplus.length > 0 && !fits([...slot.held, variant])
      parts.load(at.node, at.slot, variant.ref, replacing, later)
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
      const pauseMs = count < maxAttempts ? FIRST_PAUSE_MS * 2 ** (count - 1) : LONG_PAUSE_MS
      slot.failures.set(variant, { count, retryAtMs: nowMs + pauseMs })
    },
    retryAtMs(slot) {
      if (slot.loading !== null) return Infinity
      let next = Infinity
      for (const [variant, { retryAtMs }] of slot.failures) {
        if (slot.wanted.includes(variant) && !slot.held.has(variant)) {
          next = Math.min(next, retryAtMs)
        }
      }
      return next
    },
  }
}

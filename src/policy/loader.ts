/**
 * Loading: brings to each slot what the placement wants there, one load at a time for each slot,
 * with a bounded number of tries and growing pauses between them.
 *
 * @module
 */
import type { NodeId, PolicyCommand, SlotIndex, VariantRef } from './types.ts'
import type { VariantShape } from './shape.ts'

export interface LoadingSlot {
  held: Set<VariantShape>
  loading: VariantShape | null
  failures: Map<VariantShape, { count: number; retryAtMs: number }>
}

export interface Loader {
  slot(): LoadingSlot
  /** Emits the next load of this slot, if it is free for one and anything is wanted. */
  next(
    slot: LoadingSlot,
    at: { node: NodeId; slot: SlotIndex },
    wanted: readonly VariantShape[],
    nowMs: number,
  ): void
  ready(slot: LoadingSlot, variant: VariantShape): void
  failed(slot: LoadingSlot, variant: VariantShape, nowMs: number): void
  /** When a failed load may be tried again; Infinity where none is to be. */
  retryAtMs(slot: LoadingSlot): number
}

const FIRST_PAUSE_MS = 2000

export function createLoader(
  maxAttempts: number,
  emit: (command: PolicyCommand) => void,
  told: (node: NodeId, slot: SlotIndex, ref: VariantRef) => void,
): Loader {
  const isOpen = (slot: LoadingSlot, variant: VariantShape) =>
    !slot.held.has(variant) && (slot.failures.get(variant)?.count ?? 0) < maxAttempts

  return {
    slot: () => ({ held: new Set(), loading: null, failures: new Map() }),
    next(slot, at, wanted, nowMs) {
      if (slot.loading !== null) return
      const variant = wanted.find((variant) =>
        isOpen(slot, variant) && (slot.failures.get(variant)?.retryAtMs ?? 0) <= nowMs
      )
      if (variant === undefined) return
      slot.loading = variant
      emit({ type: 'load', ...at, ...variant.ref })
      told(at.node, at.slot, variant.ref)
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
        if (isOpen(slot, variant)) next = Math.min(next, retryAtMs)
      }
      return next
    },
  }
}

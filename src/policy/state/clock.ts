/**
 * What a batch took, by the clock here. A node says how long it computed; of two results one after
 * the other, of which the second waited there for the first, the time between them is what the
 * second took, and none takes longer than from its sending to its result. Where a node is far from
 * what it says, the clock is believed.
 *
 * @module
 */
import type { Batch } from './slots.ts'
import type { NodeId, PolicyEvent } from '../core/types.ts'

type Finished = Extract<PolicyEvent, { type: 'batch_finished' }>

export interface Clock {
  /** A result with the time that it really took. */
  finished(batch: Batch, event: Finished, nowMs: number): Finished
  left(node: NodeId): void
}

interface Seen {
  /** Mean of the logarithm of the time taken over the time said. */
  log: number
  samples: number
}

/** What the network and other work on a node come to is less than this. */
const TOLERATED = Math.log(1.5)
const ENOUGH = 3
const WEIGHT = 0.15
/** Of one batch no more is believed. */
const MOST = Math.log(10)

export function createClock(): Clock {
  /** By node, and by index of the variant: it may be quick at one and slow at another. */
  const nodes = new Map<NodeId, (Seen | undefined)[]>()

  return {
    finished(batch, event, nowMs) {
      const { slot, dispatchedMs } = batch
      const beforeMs = slot.endedMs
      slot.endedMs = nowMs
      const { computeMs } = event
      const mostMs = nowMs - Math.max(beforeMs, dispatchedMs)
      if (!(computeMs > 0) || !(mostMs > 0)) return event
      // One that came to the node before the other ended: a way there sooner than that one's way back.
      const waited = dispatchedMs + slot.node.times.roundTripMs() <= beforeMs
      // Else the network and what woke the slot are in that time, too.
      const tookMs = waited ? mostMs : Math.min(computeMs, mostMs)
      const id = slot.node.id
      let ofNode = nodes.get(id)
      if (ofNode === undefined) nodes.set(id, ofNode = [])
      const seen = ofNode[batch.variant.index] ??= { log: 0, samples: 0 }
      seen.samples++
      const log = Math.log(tookMs / computeMs)
      const weight = Math.max(WEIGHT, 1 / seen.samples)
      seen.log += weight * (Math.min(Math.max(log, -MOST), MOST) - seen.log)
      const believed = seen.samples < ENOUGH || Math.abs(seen.log) < TOLERATED
      return believed ? event : { ...event, computeMs: tookMs }
    },
    left: (node) => void nodes.delete(node),
  }
}

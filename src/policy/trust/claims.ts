/**
 * How fast a node is, against what it says: by the time between two results of which the second
 * was already waiting there. The network, which may be slow and honest, does not count in it.
 *
 * @module
 */
import type { Batch, Slot } from '../state/slots.ts'
import { type Base, baseOf } from '../estimate/base.ts'
import type { Shapes } from '../core/graph.ts'
import type { NodeId, PolicyEvent } from '../core/types.ts'

type Finished = Extract<PolicyEvent, { type: 'batch_finished' }>
type Reported = Extract<PolicyEvent, { type: 'node_reported' }>

export interface Claims {
  /** What it reports, no faster than it was seen to be. */
  reported(event: Reported): Reported
  /** A result with the time that it really took. */
  finished(batch: Batch, event: Finished, nowMs: number): Finished
  /** 1 where the node is as fast as it says. */
  slowerThanSaid(node: NodeId): number
  left(node: NodeId): void
}

interface Seen {
  said: Map<number, Base>
  /** Mean of the logarithm of the time taken over the time said. */
  log: number
  samples: number
}

/** A node that works beside others is slower now and then: that is no claim. */
const TOLERATED = 1.5
const ENOUGH = 5
const WEIGHT = 0.15

export function createClaims(shapes: Shapes): Claims {
  const nodes = new Map<NodeId, Seen>()
  const endedMs = new WeakMap<Slot, number>()

  function slower(seen: Seen | undefined): number {
    if (seen === undefined || seen.samples < ENOUGH) return 1
    const ratio = Math.exp(seen.log)
    return ratio > TOLERATED ? ratio : 1
  }

  return {
    reported(event) {
      if (event.profile === undefined) return event
      const seen = nodes.get(event.node) ?? { said: new Map(), log: 0, samples: 0 }
      nodes.set(event.node, seen)
      for (const { points, ...ref } of event.profile) {
        const variant = shapes.find(ref)
        if (variant === undefined || points.length === 0) continue
        if (points.some(({ latencyMs }) => latencyMs > 0)) {
          seen.said.set(variant.index, baseOf(points))
        }
      }
      const factor = slower(seen)
      if (factor === 1) return event
      const profile = event.profile.map(({ points, ...ref }) => ({
        ...ref,
        points: points.map(({ batch, latencyMs }) => ({ batch, latencyMs: latencyMs * factor })),
      }))
      return { ...event, profile }
    },
    finished(batch, event, nowMs) {
      const { slot } = batch
      const beforeMs = endedMs.get(slot) ?? -Infinity
      endedMs.set(slot, nowMs)
      const behind = batch.dispatchedMs < beforeMs
      const tookMs = behind ? Math.max(event.computeMs, nowMs - beforeMs) : event.computeMs
      const seen = nodes.get(slot.node.id)
      const said = seen?.said.get(batch.variant.index)?.(
        batch.items.length || event.outcomes.length,
      )
      if (
        seen !== undefined && said !== undefined && said > 0 && tookMs > 0 && slot.node.duty >= 1
      ) {
        seen.samples++
        const weight = Math.max(WEIGHT, 1 / seen.samples)
        seen.log += weight * (Math.log(Math.min(tookMs / said, 100)) - seen.log)
      }
      return slower(seen) > 1 ? { ...event, computeMs: tookMs } : event
    },
    slowerThanSaid: (node) => slower(nodes.get(node)),
    left: (node) => void nodes.delete(node),
  }
}

/**
 * How fast nodes are against what they say of themselves. What their batches took is told by the clock
 * of the coordinator; see `state/clock.ts`.
 *
 * @module
 */
import type { Shapes } from '../core/graph.ts'
import type { NodeId, PolicyEvent } from '../core/types.ts'
import { type Base, baseOf } from '../estimate/base.ts'
import type { Finished } from '../state/finish.ts'
import type { Batch } from '../state/node.ts'
import { trust as params } from './params.ts'

type Reported = Extract<PolicyEvent, { type: 'node_reported' }>

interface Claim {
  /** What it said, by index of the variant. */
  said: Map<number, Base>
  /** Mean of the logarithm of the time taken over the time said. */
  log: number
  batches: number
}

export class Claims {
  private readonly claims = new Map<NodeId, Claim>()

  constructor(private readonly shapes: Pick<Shapes, 'find'>) {}

  /** What a node reports, no faster than it was seen to be. */
  reported(event: Reported): Reported {
    if (event.profile === undefined) return event
    const claim = this.claims.get(event.node) ?? { said: new Map(), log: 0, batches: 0 }
    this.claims.set(event.node, claim)
    for (const { points, ...ref } of event.profile) {
      const variant = this.shapes.find(ref)
      if (variant === undefined || !points.some(({ latencyMs }) => latencyMs > 0)) continue
      claim.said.set(variant.index, baseOf(points))
    }
    const slower = this.slowerThanSaid(event.node)
    if (slower === 1) return event
    const profile = event.profile.map(({ points, ...ref }) => ({
      ...ref,
      points: points.map(({ batch, latencyMs }) => ({ batch, latencyMs: latencyMs * slower })),
    }))
    return { ...event, profile }
  }

  /** @param event of a batch that took `computeMs` by the clock */
  finished({ slot: { node }, variant, items }: Batch, event: Finished): void {
    const claim = this.claims.get(node.id)
    const saidMs = claim?.said.get(variant.index)?.(items.length || event.outcomes.length) ?? 0
    // A node that gives a part of its time takes longer, and claims nothing by that.
    if (claim === undefined || !(saidMs > 0 && event.computeMs > 0) || node.inUse.duty < 1) return
    claim.batches++
    const weight = 1 / Math.min(claim.batches, params.claimSamples)
    const log = Math.log(Math.min(event.computeMs / saidMs, params.mostSlower))
    claim.log += weight * (log - claim.log)
  }

  /** 1 where the node is as fast as it says. */
  slowerThanSaid(node: NodeId): number {
    const claim = this.claims.get(node)
    if (claim === undefined || claim.batches < params.claimSamples) return 1
    const slower = Math.exp(claim.log)
    return slower > params.tolerated ? slower : 1
  }

  left(node: NodeId): void {
    this.claims.delete(node)
  }
}

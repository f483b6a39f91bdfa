/**
 * Speed of nodes compared with their own reports. The duration of their batches is measured by the
 * coordinator's clock; see `state/finish.ts`.
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
  /** Reported latencies, by variant index. */
  reported: Map<number, Base>
  /** Moving mean of log(measured time / reported time). */
  log: number
  batches: number
}

export class Claims {
  private readonly claims = new Map<NodeId, Claim>()

  constructor(private readonly shapes: Pick<Shapes, 'find'>) {}

  /** A node's report, with latencies raised to its measured speed. */
  reported(event: Reported): Reported {
    if (event.profile === undefined) return event
    const claim = this.claims.get(event.node) ?? { reported: new Map(), log: 0, batches: 0 }
    this.claims.set(event.node, claim)
    for (const { points, ...ref } of event.profile) {
      const variant = this.shapes.find(ref)
      if (variant === undefined || !points.some(({ latencyMs }) => latencyMs > 0)) continue
      claim.reported.set(variant.index, baseOf(points))
    }
    const slower = this.slowerThanSaid(event.node)
    if (slower === 1) return event
    const profile = event.profile.map(({ points, ...ref }) => ({
      ...ref,
      points: points.map(({ batch, latencyMs }) => ({ batch, latencyMs: latencyMs * slower })),
    }))
    return { ...event, profile }
  }

  /** @param event of a batch that took `computeMs` by the coordinator's clock */
  finished({ slot: { node }, variant, items }: Batch, event: Finished): void {
    const claim = this.claims.get(node.id)
    const reportedMs =
      claim?.reported.get(variant.index)?.(items.length || event.outcomes.length) ?? 0
    // With a duty below 1 batches take longer without any false claim.
    if (claim === undefined || !(reportedMs > 0 && event.computeMs > 0) || node.inUse.duty < 1) {
      return
    }
    claim.batches++
    const weight = 1 / Math.min(claim.batches, params.claimSamples)
    const log = Math.log(Math.min(event.computeMs / reportedMs, params.mostSlower))
    claim.log += weight * (log - claim.log)
  }

  /** Measured over reported time; 1 if the report is right. */
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

/**
 * Cold nodes: they have joined, and nothing is loaded there until they are recruited.
 *
 *     cold -> coming -> warm -> cold
 *           recruited   all there   released: they rested long
 *
 * @module
 */
import type { NodeId, PolicyEvent } from '../core/types.ts'
import { use } from './params.ts'

type Joined = Extract<PolicyEvent, { type: 'node_joined' }>

interface Elastic {
  /** As it joined, and what it said since. */
  event: Joined
  paused: boolean
  state: 'cold' | 'coming' | 'warm'
  recruitedMs: number
}

export class Colds {
  private readonly nodes = new Map<NodeId, Elastic>()
  /** Of a node, from being recruited until all is there; as seen. */
  private coldMs = use.coldMs
  private seen = 0

  joined(event: Joined): void {
    this.nodes.delete(event.node)
    if (event.cold !== true) return
    const { node } = event
    this.nodes.set(node, { event, paused: false, state: 'cold', recruitedMs: 0 })
  }

  left(node: NodeId): void {
    this.nodes.delete(node)
  }

  /** Whether it is let go of once it is not needed. */
  isElastic = (node: NodeId): boolean => this.nodes.get(node)?.state === 'warm'

  /** What it said is kept for when it is recruited. */
  told(event: Extract<PolicyEvent, { type: 'node_reported' | 'node_able' }>): void {
    const one = this.nodes.get(event.node)
    if (one === undefined) return
    if (event.type === 'node_able') one.event = { ...one.event, able: event.able }
    else {
      const { slots = one.event.slots, duty = one.event.duty, paused = one.paused } = event
      one.event = { ...one.event, slots, duty }
      one.paused = paused
    }
  }

  /** So many that are cold, as they would join now. */
  recruit(count: number, nowMs: number): Joined[] {
    const found = [...this.nodes.values()].filter((one) => one.state === 'cold' && !one.paused)
    return found.slice(0, count).map((one) => {
      one.state = 'coming'
      one.recruitedMs = nowMs
      return one.event
    })
  }

  isComing(node: NodeId): boolean {
    return this.nodes.get(node)?.state === 'coming'
  }

  /** All that it is to hold is there. */
  came(node: NodeId, nowMs: number): void {
    const one = this.nodes.get(node)!
    one.state = 'warm'
    const weight = this.seen++ === 0 ? 1 : use.coldWeight
    const tookMs = Math.min(nowMs - one.recruitedMs, use.patience * this.coldMs)
    this.coldMs += weight * (tookMs - this.coldMs)
  }

  released(node: NodeId): void {
    this.nodes.get(node)!.state = 'cold'
  }

  /** One that is long overdue is not waited for: others are recruited in its place. */
  count(nowMs: number): { nodes: number; coming: number; afterMs: number } {
    let [nodes, coming] = [0, 0]
    for (const { state, paused, recruitedMs } of this.nodes.values()) {
      if (paused) continue
      if (state === 'cold') nodes++
      if (state === 'coming' && nowMs - recruitedMs < use.patience * this.coldMs) coming++
    }
    return { nodes, coming, afterMs: this.coldMs }
  }
}

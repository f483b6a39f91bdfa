/**
 * Capacity over time: when nodes are classified and slots grouped again (after events about nodes, in a
 * large pool with a delay), and when groups get new values (after corrections).
 *
 * @module
 */
import type { BatchSizes } from '../estimate/batch_sizes.ts'
import type { FanOut } from '../estimate/fanout.ts'
import type { Profile } from '../estimate/profile.ts'
import type { PipelineShape, Shapes } from '../core/graph.ts'
import type { NodeId } from '../core/types.ts'
import { type Capacity, type Layout, layOut, takeOut, valueCapacity } from './capacity.ts'
import { classify } from './classes.ts'
import type { NodeClass, PoolNode, Proof } from './node.ts'
import { pool as P } from './params.ts'

export interface CapacitiesParts {
  shapes: Shapes
  profile: Profile
  fanOut: FanOut
  sizes: BatchSizes
  /** The nodes that are not cold. */
  nodes: ReadonlyMap<NodeId, PoolNode>
  proofOf(node: NodeId): Proof
}

export class Capacities {
  /** As of the last capacity. */
  classes: NodeClass[] = []
  private epoch = 0
  /** Undefined once it must not be used any more. */
  private layout: Layout | undefined
  /** Whether a change of slots is not in the layout yet. */
  private isOutdated = false
  private laidOutMs = -Infinity
  private current: Capacity | undefined
  private builtMs = -Infinity
  /** Whether values are due again: after `refreshMs` on corrections, at once on a revision of all. */
  private isCorrected = false
  private isRevised = false
  private relaxedMs = 0

  constructor(private readonly parts: CapacitiesParts) {}

  /** Slots changed; in a large pool the new layout may wait. */
  outdated = (): void => {
    this.isOutdated = true
  }

  /** Slots changed, and the new layout must not wait. */
  mustRenew(): void {
    this.layout = undefined
  }

  /** The pipelines changed: nothing computed so far may be used. */
  renew(): void {
    this.layout = undefined
    this.current = undefined
  }

  /** A node left. In a large pool the others are not grouped again for each of many departures. */
  left(node: PoolNode): void {
    const { layout } = this
    const isMany = layout !== undefined && layout.slotCount > P.fewSlots
    if (isMany && takeOut(node, this.classes, layout)) this.isOutdated = true
    else this.layout = undefined
  }

  /** A profile or fan-out was corrected. */
  corrected(): void {
    this.isCorrected = true
  }

  /** The estimates of this pipeline have all its queries refused: see `admit/doubt.ts`. */
  doubt = ({ tasks }: PipelineShape): void => {
    const variants = tasks.flatMap((task) => task.variants)
    this.parts.profile.doubt(variants)
    this.parts.fanOut.doubt(variants)
    this.isRevised = true
  }

  /** When a layout takes up the slot changes so far; Infinity without changes. */
  renewAtMs(): number {
    const { layout } = this
    if (layout === undefined) return -Infinity
    if (!this.isOutdated) return Infinity
    const { slotCount } = layout
    return slotCount <= P.fewSlots ? -Infinity : this.laidOutMs + slotCount * P.eachSlotMs
  }

  at(nowMs: number): Capacity {
    const { profile, shapes, sizes } = this.parts
    if (nowMs - this.relaxedMs >= P.relaxMs) {
      this.relaxedMs = nowMs
      profile.relax(nowMs)
      this.isRevised = true
    }
    const renews = this.renewAtMs() <= nowMs
    const isDue = renews || this.isRevised ||
      (this.isCorrected && nowMs - this.builtMs >= P.refreshMs)
    if (this.current !== undefined && !isDue) return this.current
    this.isCorrected = this.isRevised = false
    if (this.layout === undefined || renews || nowMs - this.laidOutMs >= P.classifyMs) {
      this.isOutdated = false
      this.laidOutMs = nowMs
      this.layout = this.layOut()
    }
    this.builtMs = nowMs
    return this.current = valueCapacity(++this.epoch, shapes, this.layout, profile, sizes)
  }

  private layOut(): Layout {
    const nodes = [...this.parts.nodes.values()]
    const hasNew = nodes.some((node) => node.class === null)
    this.classes = classify(nodes, this.classes)
    return { ...layOut(this.classes, this.parts.proofOf), hasNew }
  }
}

/**
 * Who is in the pool, and what the pool can do as of now. Turns news of nodes into slots.
 *
 * @module
 */
import type { BatchSizes } from '../estimate/batch_sizes.ts'
import type { FanOut } from '../estimate/fanout.ts'
import type { Profile } from '../estimate/profile.ts'
import type { PipelineShape, Shapes, VariantShape } from '../core/graph.ts'
import type { NodeId, PolicyEvent, SlotIndex, VariantRef } from '../core/types.ts'
import { Arrivals } from './arrivals.ts'
import { type Capacity, type Layout, layOut, takeOut, valueCapacity } from './capacity.ts'
import { classify } from './classes.ts'
import { pool as P } from './params.ts'
import { type Batch, changePace, type NodeClass, PoolNode, PROOF, type Proof } from './slots.ts'
import { renewKey, Slot, soundDuty } from './slots.ts'
import { soundSpeedups, speedOf, speedupsOf } from './threads.ts'

type EventOf<T extends PolicyEvent['type']> = Extract<PolicyEvent, { type: T }>

interface PoolParts {
  shapes: Shapes
  profile: Profile
  fanOut: FanOut
  sizes: BatchSizes
  /** By default nobody has to show anything. */
  proofOf?(node: NodeId): Proof
}

export class Pool {
  readonly nodes = new Map<NodeId, PoolNode>()
  /** When slots will hold what they load. */
  readonly arrivals = new Arrivals()
  /** As of the last capacity. */
  classes: NodeClass[] = []
  private epoch = 0
  /** Undefined when it must not be used any more. */
  private layout: Layout | undefined
  /** There is news that the layout does not have. */
  private outdated = false
  private laidOutMs = -Infinity
  private current: Capacity | undefined
  private builtMs = -Infinity
  /** Profiles or fan-outs were corrected: worth a new look, at once where that is all of them. */
  private isCorrected = false
  private isRevised = false
  private relaxedMs = 0
  private readonly proofOf: (node: NodeId) => Proof

  constructor(private readonly parts: PoolParts) {
    this.proofOf = parts.proofOf ?? (() => PROOF.own)
  }

  join(event: EventOf<'node_joined'>): void {
    const { profile } = this.parts
    const { node: id } = event
    const able = this.ableOf(event.able)
    const speedups = soundSpeedups(event.speedups ?? [])
    const node = new PoolNode({ ...event, speedups }, able, profile.of(id), this.proofOf(id))
    this.resize(node, event.slots)
    this.nodes.set(id, node)
    profile.joined(id)
    profile.rethreaded(id, 1)
    this.outdated = true
  }

  /** A cold node is recruited, or one lets go of what it holds. */
  setCold(id: NodeId, cold: boolean): void {
    const node = this.nodes.get(id)
    if (node === undefined) return
    node.cold = cold
    node.inUse = node.told = { ...node.inUse, slots: cold ? 0 : node.slots.length }
    node.restsSinceMs = Infinity
    this.layout = undefined
  }

  /** What of the node is in use, as it says. */
  scaled({ node: id, slots, duty, threads }: EventOf<'node_scaled'>): void {
    const node = this.nodes.get(id)
    if (node === undefined) return
    const { inUse, first } = node
    node.inUse = {
      slots: Math.min(inUse.slots, slots),
      duty: Math.min(inUse.duty, soundDuty(duty)),
      threads,
    }
    if (threads === inUse.threads) return
    this.parts.profile.rethreaded(id, speedOf(node, first) / speedOf(node, threads))
    if (speedupsOf(node).length > 1) this.layout = undefined
  }

  /** The batches that went with it. */
  leave(id: NodeId): Batch[] {
    const node = this.nodes.get(id)
    if (node === undefined) return []
    this.nodes.delete(id)
    this.parts.profile.left(id)
    // Where many go at once the others are not grouped anew for each.
    const { layout } = this
    const isMany = layout !== undefined && layout.slotCount > P.fewSlots
    if (isMany && takeOut(node, this.classes, layout)) this.outdated = true
    else this.layout = undefined
    return this.resize(node, 0)
  }

  /** The batches of slots that are no more. */
  report(
    { node: id, paused, slots, duty, roundTripMs, profile: said, speedups }: EventOf<
      'node_reported'
    >,
  ): Batch[] {
    const node = this.nodes.get(id)
    if (node === undefined) return []
    const { profile, shapes } = this.parts
    if (roundTripMs !== undefined) profile.roundTrip(id, roundTripMs)
    for (const { points, ...ref } of said ?? []) {
      const variant = shapes.find(ref)
      if (variant !== undefined) profile.measured(id, variant, points)
    }
    if (paused !== undefined) node.paused = paused
    if (duty !== undefined) {
      node.duty = soundDuty(duty)
      node.inUse = { ...node.inUse, duty: node.duty }
      this.layout = undefined
    }
    if (speedups !== undefined) {
      node.speedups = soundSpeedups(speedups)
      this.layout = undefined
    }
    // A round trip comes with each heartbeat: no reason to begin anew each time.
    if (paused === undefined && slots === undefined && said === undefined) this.corrected()
    else if (slots === undefined) this.outdated = true
    else this.layout = undefined
    return slots === undefined ? [] : this.resize(node, slots)
  }

  able({ node: id, able }: EventOf<'node_able'>): void {
    const node = this.nodes.get(id)
    if (node === undefined) return
    node.able = this.ableOf(able)
    this.outdated = true
  }

  /** What is served changed: nothing worked out so far is to be used. */
  renew(): void {
    this.layout = undefined
    this.current = undefined
  }

  /** Some node has shown more than before, or less. */
  proved = (): void => {
    this.outdated = true
  }

  /** absent -> loading. @param later what is to be loaded there after it, in this order */
  loading(
    node: NodeId,
    index: SlotIndex,
    ref: VariantRef,
    later: readonly VariantShape[],
    nowMs: number,
  ): void {
    const variant = this.parts.shapes.find(ref)
    const slot = this.nodes.get(node)?.slots[index]
    if (variant === undefined || slot === undefined) return
    if (slot.loading.size === 0) changePace(slot, slot.node.times.loadFactor(), nowMs)
    slot.loading.add(variant)
    slot.later = later
    this.arrivals.began(slot, nowMs)
    for (const batch of slot.batches) batch.besideLoad = true
    renewKey(slot)
    this.outdated = true
  }

  /** loading -> held, or loading | held -> absent. The slot, if there is one. */
  loaded(
    node: NodeId,
    index: SlotIndex,
    ref: VariantRef,
    ok: boolean,
    nowMs: number,
  ): Slot | undefined {
    const slot = this.nodes.get(node)?.slots[index]
    const variant = this.parts.shapes.find(ref)
    if (slot === undefined || variant === undefined) return undefined
    if (slot.loading.delete(variant) && slot.loading.size === 0) {
      changePace(slot, 1 / slot.node.times.loadFactor(), nowMs)
      this.arrivals.ended(slot, ok, nowMs)
      for (const batch of slot.batches) batch.allBesideLoad = false
    }
    if (ok) slot.held.add(variant)
    else slot.held.delete(variant)
    renewKey(slot)
    this.outdated = true
    return slot
  }

  /** When a node last had a batch: now, if one is there. */
  lastBatchMs(id: NodeId, nowMs: number): number {
    const slots = this.nodes.get(id)?.slots ?? []
    if (slots.some(({ batches }) => batches.length > 0)) return nowMs
    return Math.max(...slots.map(({ endedMs }) => endedMs))
  }

  /** A profile or fan-out was corrected. */
  corrected(): void {
    this.isCorrected = true
  }

  /** What was learned of this pipeline keeps all of it out: see `admit/doubt.ts`. */
  doubt = ({ tasks }: PipelineShape): void => {
    const variants = tasks.flatMap((task) => task.variants)
    this.parts.profile.doubt(variants)
    this.parts.fanOut.doubt(variants)
    this.isRevised = true
  }

  /** When news of slots is taken up that the last capacity left for later; Infinity without any. */
  renewAtMs(): number {
    const { layout } = this
    if (layout === undefined) return -Infinity
    if (!this.outdated) return Infinity
    const { slotCount } = layout
    return slotCount <= P.fewSlots ? -Infinity : this.laidOutMs + slotCount * P.eachSlotMs
  }

  capacity(nowMs: number): Capacity {
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
      this.outdated = false
      this.laidOutMs = nowMs
      const warm = [...this.nodes.values()].filter(({ cold }) => !cold)
      this.classes = classify(warm, this.classes)
      this.layout = layOut(this.classes, this.proofOf)
    }
    this.builtMs = nowMs
    return this.current = valueCapacity(++this.epoch, shapes, this.layout, profile, sizes)
  }

  private ableOf(able: readonly VariantRef[]): VariantShape[] {
    const { shapes } = this.parts
    const found = new Set(able.map(shapes.find))
    return shapes.variants.filter((variant) => found.has(variant))
  }

  private resize(node: PoolNode, slots: number): Batch[] {
    const count = Math.min(Math.max(Math.trunc(slots) || 0, 0), P.mostSlots)
    const gone = node.slots.splice(count)
    const all = node.inUse.slots >= node.slots.length
    node.inUse = {
      ...node.inUse,
      slots: node.cold ? 0 : all ? count : Math.min(node.inUse.slots, count),
    }
    while (node.slots.length < count) node.slots.push(new Slot(node, node.slots.length))
    for (const slot of gone) this.arrivals.gone(slot)
    return gone.flatMap((slot) => slot.batches)
  }
}

export const createPool = (parts: PoolParts): Pool => new Pool(parts)

/**
 * Nodes of the pool and their slots: the only records of them, updated by events about nodes.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import type { NodeId, PolicyEvent } from '../core/types.ts'
import { Arrivals } from './arrivals.ts'
import { Capacities, type CapacitiesParts } from './capacities.ts'
import { Leaving } from './leaving.ts'
import { type Batch, bytesListed, PoolNode, type Presence, PROOF, type Proof } from './node.ts'
import { isCold, Slot, soundDuty } from './node.ts'
import { pool as P } from './params.ts'
import { changePace } from './slots.ts'
import { soundSpeedups, speedOf, speedupsOf } from './threads.ts'

type EventOf<T extends PolicyEvent['type']> = Extract<PolicyEvent, { type: T }>

interface PoolParts extends Omit<CapacitiesParts, 'nodes' | 'proofOf'> {
  /** By default no node has to show anything. */
  proofOf?(node: NodeId): Proof
}

/** Effect of an event about a node. */
export interface NodeChange {
  /** The node as it is now, or as it was when it left. */
  node: PoolNode
  /** Batches on slots that are gone. */
  lost: Batch[]
  /** Whether it was paused or resumed. */
  toggled: boolean
}

export class Pool {
  readonly nodes = new Map<NodeId, PoolNode>()
  /** The nodes that are not cold. */
  readonly warm = new Map<NodeId, PoolNode>()
  /** When slots will hold what they load. */
  readonly arrivals = new Arrivals()
  /** Variants released from slots with batches of them. */
  readonly leaving = new Leaving()
  readonly capacities: Capacities
  private readonly proofOf: (node: NodeId) => Proof

  constructor(private readonly parts: PoolParts) {
    this.proofOf = parts.proofOf ?? (() => PROOF.own)
    this.capacities = new Capacities({ ...parts, nodes: this.warm, proofOf: this.proofOf })
  }

  /** Applies an event about a node. @returns its effect; undefined if it concerns no node of the pool */
  handle(event: PolicyEvent, nowMs: number): NodeChange | undefined {
    switch (event.type) {
      case 'node_joined':
        return this.join(event)
      case 'node_left':
        return this.leave(event.node)
      case 'pipeline_removed':
        return this.dropPipeline(event.pipeline)
    }
    if (!('node' in event)) return undefined
    const node = this.nodes.get(event.node)
    if (node === undefined) return undefined
    const change: NodeChange = { node, lost: [], toggled: false }
    switch (event.type) {
      case 'node_reported':
        this.report(node, event, change)
        break
      case 'node_scaled':
        this.scaled(node, event)
        break
      case 'node_able':
        this.setAble(node, bytesListed(this.parts.shapes, event.able))
        break
      case 'instance_ready':
      case 'load_failed':
        this.loaded(node, event, nowMs)
    }
    return change
  }

  private join(event: EventOf<'node_joined'>): NodeChange {
    const { profile, shapes } = this.parts
    const { node: id } = event
    const lost = this.leave(id)?.lost ?? []
    const speedups = soundSpeedups(event.speedups ?? [])
    const node = new PoolNode({ ...event, speedups }, profile.of(id), this.proofOf(id))
    this.setAble(node, bytesListed(shapes, event.able))
    this.resize(node, event.slots)
    this.nodes.set(id, node)
    if (!isCold(node)) this.warm.set(id, node)
    profile.joined(id)
    profile.rethreaded(id, 1)
    return { node, lost, toggled: false }
  }

  private leave(id: NodeId): NodeChange | undefined {
    const node = this.nodes.get(id)
    if (node === undefined) return undefined
    this.nodes.delete(id)
    this.warm.delete(id)
    this.parts.profile.left(id)
    this.capacities.left(node)
    return { node, lost: this.resize(node, 0), toggled: false }
  }

  private report(
    node: PoolNode,
    { paused, slots, duty, roundTripMs, profile: measured, speedups }: EventOf<'node_reported'>,
    change: NodeChange,
  ): void {
    const { profile, shapes } = this.parts
    if (roundTripMs !== undefined) profile.roundTrip(node.id, roundTripMs)
    for (const { points, ...ref } of measured ?? []) {
      const variant = shapes.find(ref)
      if (variant !== undefined) profile.measured(node.id, variant, points)
    }
    if (paused !== undefined) {
      change.toggled = paused !== node.paused
      node.paused = paused
    }
    if (duty !== undefined) {
      node.duty = soundDuty(duty)
      node.inUse = { ...node.inUse, duty: node.duty }
      this.capacities.mustRenew()
    }
    if (speedups !== undefined) {
      node.speedups = soundSpeedups(speedups)
      this.capacities.mustRenew()
    }
    // A round trip comes with each heartbeat: it must not cause a new layout.
    if (paused === undefined && slots === undefined && measured === undefined) {
      this.capacities.corrected()
    } else if (slots === undefined) this.capacities.outdated()
    else this.capacities.mustRenew()
    if (slots !== undefined) change.lost = this.resize(node, slots)
  }

  /** The node reports its use. */
  private scaled(node: PoolNode, { slots, duty, threads }: EventOf<'node_scaled'>): void {
    const { inUse, first } = node
    node.inUse = {
      slots: Math.min(inUse.slots, slots),
      duty: Math.min(inUse.duty, soundDuty(duty)),
      threads,
    }
    if (threads === inUse.threads) return
    this.parts.profile.rethreaded(node.id, speedOf(node, first) / speedOf(node, threads))
    if (speedupsOf(node).length > 1) this.capacities.mustRenew()
  }

  private setAble(node: PoolNode, bytesOf: ReadonlyMap<VariantShape, number>): void {
    node.bytesOf = bytesOf
    node.able = this.parts.shapes.variants.filter((variant) => bytesOf.has(variant))
    this.capacities.outdated()
  }

  /** Removes a pipeline's variants from all nodes. */
  private dropPipeline(name: string): undefined {
    for (const node of this.nodes.values()) {
      const kept = [...node.bytesOf].filter(([{ ref }]) => ref.pipeline !== name)
      this.setAble(node, new Map(kept))
    }
  }

  /** Recruits a cold node, marks a recruited node as loaded, or releases a node. */
  setPresence(node: PoolNode, presence: Presence): void {
    const was = isCold(node)
    node.presence = presence
    if (isCold(node) === was) return
    if (was) this.warm.set(node.id, node)
    else this.warm.delete(node.id)
    const slots = was ? node.slots.length : 0
    node.inUse = node.requested = { ...node.inUse, slots, duty: node.duty }
    node.restsSinceMs = Infinity
    this.capacities.mustRenew()
  }

  /** absent -> loading. @param later variants to load there after it, in this order */
  loads(slot: Slot, variant: VariantShape, later: readonly VariantShape[], nowMs: number): void {
    changePace(slot, slot.node.times.loadFactor(), nowMs)
    slot.loading = variant
    slot.later = later
    this.arrivals.began(slot, nowMs)
    for (const batch of slot.batches) batch.besideLoad = true
    this.held(slot)
  }

  /** loading -> held, or loading | held -> absent, as the node reports. */
  private loaded(
    node: PoolNode,
    event: EventOf<'instance_ready' | 'load_failed'>,
    nowMs: number,
  ): void {
    const slot = node.slots[event.slot]
    const variant = this.parts.shapes.find(event)
    if (slot === undefined || variant === undefined) return
    const ok = event.type === 'instance_ready'
    if (slot.loading === variant) this.loadEnded(slot, ok, nowMs)
    if (ok) slot.held.add(variant)
    else slot.held.delete(variant)
    this.held(slot)
  }

  /** held -> leaving, or held -> absent. @returns whether it is absent: no batch of it is on the slot */
  letGo(slot: Slot, variant: VariantShape): boolean {
    slot.held.delete(variant)
    this.held(slot)
    return this.leaving.letGo(slot, variant)
  }

  /** loading | held | leaving -> absent. */
  drop(slot: Slot, variant: VariantShape, nowMs: number): void {
    if (slot.loading === variant) this.loadEnded(slot, false, nowMs)
    slot.held.delete(variant)
    slot.leaving.delete(variant)
    this.held(slot)
  }

  private loadEnded(slot: Slot, ok: boolean, nowMs: number): void {
    slot.loading = null
    changePace(slot, 1 / slot.node.times.loadFactor(), nowMs)
    this.arrivals.ended(slot, ok, nowMs)
    for (const batch of slot.batches) batch.allBesideLoad = false
  }

  /** The held variants of a slot changed, or whether it loads. */
  private held(slot: Slot): void {
    const held = [...slot.held].map(({ index }) => index).sort((a, b) => a - b).join(' ')
    slot.heldKey = slot.loading !== null ? `${held} loading` : held
    this.capacities.outdated()
  }

  /** Whether the slot exists: nodes leave, and a node can reduce its slots. */
  has(slot: Slot): boolean {
    const { node, index } = slot
    return this.nodes.get(node.id) === node && node.slots[index] === slot
  }

  /** When a node last had a batch: `nowMs` if it has one. */
  lastBatchMs({ slots }: PoolNode, nowMs: number): number {
    if (slots.some(({ batches }) => batches.length > 0)) return nowMs
    return Math.max(...slots.map(({ endedMs }) => endedMs))
  }

  private resize(node: PoolNode, slots: number): Batch[] {
    const count = Math.min(Math.max(Math.trunc(slots) || 0, 0), P.mostSlots)
    const gone = node.slots.splice(count)
    const all = node.inUse.slots >= node.slots.length
    node.inUse = {
      ...node.inUse,
      slots: isCold(node) ? 0 : all ? count : Math.min(node.inUse.slots, count),
    }
    while (node.slots.length < count) node.slots.push(new Slot(node, node.slots.length))
    for (const slot of gone) this.arrivals.gone(slot)
    return gone.flatMap((slot) => slot.batches)
  }
}

export const createPool = (parts: PoolParts): Pool => new Pool(parts)

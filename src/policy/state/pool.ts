/**
 * Who is in the pool, and what the pool can do as of now. Turns news of nodes into slots.
 *
 * @module
 */
import type { FanOut } from '../estimate/fanout.ts'
import { type Arrivals, createArrivals } from './arrivals.ts'
import type { BatchSizes } from '../estimate/batch_sizes.ts'
import { type Capacity, type Layout, layOut, takeOut, valueCapacity } from './capacity.ts'
import { classify } from './classes.ts'
import { createPoolNode } from './pool_node.ts'
import { PROOF, type Proof } from './proof.ts'
import type { Rulings } from './rulings.ts'
import {
  type Batch,
  changePace,
  createSlot,
  type NodeClass,
  type PoolNode,
  renewKey,
  type Slot,
} from './slots.ts'
import type { Profile } from '../estimate/profile.ts'
import type { PipelineShape, Shapes, VariantShape } from '../core/graph.ts'
import type { NodeId, PolicyEvent, SlotIndex, VariantRef } from '../core/types.ts'

type EventOf<T extends PolicyEvent['type']> = Extract<PolicyEvent, { type: T }>

export interface Pool {
  nodes: ReadonlyMap<NodeId, PoolNode>
  join(event: EventOf<'node_joined'>): void
  /** The batches that went with it. */
  leave(node: NodeId): Batch[]
  /** The batches of slots that are no more. */
  report(event: EventOf<'node_reported'>): Batch[]
  able(event: EventOf<'node_able'>): void
  /** What is served changed: nothing worked out so far is to be used. */
  renew(): void
  /** Variants were closed or opened. */
  ruled(): void
  /** Some node has shown more than before, or less. */
  proved(): void
  /** @param later what is to be loaded there after it, in this order */
  loading(
    node: NodeId,
    slot: SlotIndex,
    ref: VariantRef,
    later: readonly VariantShape[],
    nowMs: number,
  ): void
  loaded(node: NodeId, slot: SlotIndex, ref: VariantRef, ok: boolean, nowMs: number): void
  /** When slots will hold what they load. */
  arrivals: Arrivals
  /** Profiles or fan-outs were corrected: worth a new look before long, sooner where some are `surprising`. */
  corrected(surprising: boolean): void
  /** What was learned of this pipeline keeps all of it out: see `doubt.ts`. */
  doubt(shape: PipelineShape): void
  /** As of the last capacity. */
  classes(): readonly NodeClass[]
  capacity(nowMs: number): Capacity
  /** When news of slots is taken up that the last capacity left for later; Infinity without any. */
  renewAtMs(): number
}

/** How often nodes are put into classes anew, should none come or go. */
const CLASSIFY_MS = 1000
/**
 * Corrected profiles come into force after so much time, or so many corrections, or a few a slot; in a
 * pool of many slots, where one node means less, later.
 */
const REFRESH_MS = 100
const REFRESH_CORRECTIONS = 64
const REFRESH_EACH = 4
/**
 * While but one correction in so many surprises, where slots hold all and are not few: then no plan
 * waits for it.
 */
const CALM_MS = 1000
const CALM_SLOTS = 8
const SURPRISING = 20
const MANY_SLOTS = 200
/** Without any correction the profiles are looked at anew after so long. */
const RELAX_MS = 5000
/** News of what slots hold is taken up at once; with more slots than this once in so many ms a slot. */
const FEW_SLOTS = 64
const LAYOUT_MS = 0.02
const MAX_SLOTS = 256

const slotCount = (slots: number) => Math.min(Math.max(Math.trunc(slots) || 0, 0), MAX_SLOTS)

export interface PoolParts {
  shapes: Shapes
  profile: Profile
  fanOut: FanOut
  sizes: BatchSizes
  rulings: Pick<Rulings, 'isOpen'>
  /** By default nobody has to show anything. */
  proofOf?(node: NodeId): Proof
}

export function createPool(
  { shapes, profile, fanOut, sizes, rulings, proofOf = () => PROOF.own }: PoolParts,
): Pool {
  const nodes = new Map<NodeId, PoolNode>()
  const arrivals = createArrivals()
  let epoch = 0
  let classes: NodeClass[] = []
  /** Undefined when it must not be used any more. */
  let layout: Layout | undefined
  /** There is news that it does not have. */
  let outdated = false
  let laidOutMs = -Infinity
  let current: Capacity | undefined
  let corrections = 0
  let surprises = 0
  let relaxedMs = 0

  const slotOf = (node: NodeId, slot: SlotIndex): Slot | undefined => nodes.get(node)?.slots[slot]

  const ableOf = (able: readonly VariantRef[]) => {
    const found = new Set(able.map(shapes.find))
    return shapes.variants.filter((variant) => found.has(variant))
  }

  function resize(node: PoolNode, slots: number): Batch[] {
    const gone = node.slots.splice(slots)
    while (node.slots.length < slots) node.slots.push(createSlot(node, node.slots.length))
    gone.forEach(arrivals.gone)
    return gone.flatMap((slot) => slot.batches)
  }

  /** When news of slots is taken up. */
  function renewAtMs(): number {
    if (layout === undefined) return -Infinity
    if (!outdated) return Infinity
    return layout.slotCount <= FEW_SLOTS ? -Infinity : laidOutMs + layout.slotCount * LAYOUT_MS
  }

  return {
    nodes,
    arrivals,
    join(event) {
      const { node: id, slots } = event
      const able = ableOf(event.able)
      const openCount = able.filter(rulings.isOpen).length
      const node = createPoolNode(event, able, openCount, profile.of(id), proofOf(id))
      resize(node, slotCount(slots))
      nodes.set(id, node)
      profile.joined(id)
      outdated = true
    },
    leave(id) {
      const node = nodes.get(id)
      if (node === undefined) return []
      nodes.delete(id)
      profile.left(id)
      // Where many go at once the others are not grouped anew for each.
      if (
        layout === undefined || layout.slotCount <= FEW_SLOTS || !takeOut(node, classes, layout)
      ) {
        layout = undefined
      } else outdated = true
      return resize(node, 0)
    },
    report({ node: id, paused, slots, roundTripMs, profile: points }) {
      const node = nodes.get(id)
      if (node === undefined) return []
      if (roundTripMs !== undefined) profile.roundTrip(id, roundTripMs)
      for (const { points: measured, ...ref } of points ?? []) {
        const variant = shapes.find(ref)
        if (variant !== undefined) profile.measured(id, variant, measured)
      }
      if (paused !== undefined) node.paused = paused
      // A round trip comes with each heartbeat: no reason to begin anew each time.
      if (paused === undefined && slots === undefined && points === undefined) corrections++
      else if (slots === undefined) outdated = true
      else layout = undefined
      return slots === undefined ? [] : resize(node, slotCount(slots))
    },
    able({ node: id, able }) {
      const node = nodes.get(id)
      if (node === undefined) return
      node.able = ableOf(able)
      node.openCount = node.able.filter(rulings.isOpen).length
      outdated = true
    },
    renew() {
      layout = undefined
      current = undefined
    },
    ruled() {
      for (const node of nodes.values()) node.openCount = node.able.filter(rulings.isOpen).length
    },
    proved() {
      outdated = true
    },
    loading(node, slot, ref, later, nowMs) {
      const variant = shapes.find(ref)
      const found = slotOf(node, slot)
      if (variant === undefined || found === undefined) return
      if (found.loading.size === 0) changePace(found, profile.loadFactor(node), nowMs)
      found.loading.add(variant)
      found.later = later
      arrivals.began(found, nowMs)
      for (const batch of found.batches) batch.besideLoad = true
      renewKey(found)
      outdated = true
    },
    loaded(node, index, ref, ok, nowMs) {
      const slot = slotOf(node, index)
      const variant = shapes.find(ref)
      if (slot === undefined || variant === undefined) return
      if (slot.loading.delete(variant) && slot.loading.size === 0) {
        changePace(slot, 1 / profile.loadFactor(node), nowMs)
        arrivals.ended(slot, ok, nowMs)
        for (const batch of slot.batches) batch.allBesideLoad = false
      }
      if (ok) slot.held.add(variant)
      else slot.held.delete(variant)
      renewKey(slot)
      outdated = true
    },
    corrected(surprising) {
      corrections++
      if (surprising) surprises++
    },
    doubt({ tasks }) {
      const variants = tasks.flatMap((task) => task.variants)
      profile.doubt(variants)
      fanOut.doubt(variants)
      corrections = Infinity
    },
    classes: () => classes,
    renewAtMs,
    capacity(nowMs) {
      if (nowMs - relaxedMs >= RELAX_MS) {
        relaxedMs = nowMs
        profile.relax(nowMs)
        corrections = Infinity
      }
      const renews = renewAtMs() <= nowMs
      if (current !== undefined && !renews) {
        const { builtMs, slotCount, layout: { allHeld } } = current
        const expected = surprises < 2 || surprises * SURPRISING < corrections
        const isCalm = allHeld && expected && slotCount >= CALM_SLOTS
        const refreshMs = isCalm ? CALM_MS : REFRESH_MS * Math.max(1, slotCount / MANY_SLOTS)
        const many = isCalm ? Infinity : Math.max(REFRESH_CORRECTIONS, REFRESH_EACH * slotCount)
        const due = corrections >= many || (corrections > 0 && nowMs - builtMs >= refreshMs)
        if (!due) return current
      }
      corrections = 0
      surprises = 0
      if (layout === undefined || renews || nowMs - laidOutMs >= CLASSIFY_MS) {
        outdated = false
        laidOutMs = nowMs
        classes = classify(nodes.values(), profile, classes)
        layout = layOut(classes, proofOf)
      }
      return current = valueCapacity(++epoch, shapes, layout, profile, sizes, nowMs)
    },
  }
}

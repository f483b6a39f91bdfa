/**
 * Placing: if slots cannot hold all variants, the planner computes which slot holds which, and loads follow
 * with few moves. If every slot can hold all, each is given all and this does nothing.
 *
 * @module
 */
import type { FanOut } from '../estimate/fanout.ts'
import type { PlaceDemand } from '../estimate/demands.ts'
import { match, type MatchSlot } from './matching.ts'
import { mostAtOnce } from './migration.ts'
import type { Placement } from './problem.ts'
import type { PlaceClass, PlacePipeline, Problem } from './problem.ts'
import type { ClassReport } from '../state/classes.ts'
import type { Rulings } from '../state/rulings.ts'
import type { PipelineShape, Shapes, VariantShape } from '../core/graph.ts'
import type { NodeId, VariantRef } from '../core/types.ts'
import { Departures } from './due.ts'
import type { PoolNode, Slot } from '../state/node.ts'
import { bytesOf, greedy } from './holding.ts'

/** A slot as it is matched with its class's sets. */
interface PlacedSlot extends MatchSlot {
  slot: Slot
}

export interface PlacingParts {
  shapes: Shapes
  /** The nodes that are not cold. */
  nodes: ReadonlyMap<NodeId, PoolNode>
  fanOut: Pick<FanOut, 'mean' | 'none'>
  isOpen: Rulings['isOpen']
}

export class Placing {
  #parts: PlacingParts
  #departures = new Departures()
  #placement: Placement | undefined
  /** Classes sent to the planner last; later classes may divide the nodes differently. */
  #classOf: ReadonlyMap<NodeId, string> = new Map()
  /** Nodes that the planner was not to count. */
  #aside: ReadonlySet<NodeId> = new Set()

  constructor(parts: PlacingParts) {
    this.#parts = parts
  }

  joined(nowMs: number): void {
    this.#departures.joined(this.#parts.nodes.size, nowMs)
  }

  left(nowMs: number): void {
    this.#departures.left(this.#parts.nodes.size, nowMs)
  }

  accept(placement: Placement): void {
    this.#placement = placement
  }

  problem(
    classes: readonly ClassReport[],
    demands: readonly PlaceDemand[],
    nowMs: number,
  ): Problem {
    const atRisk = this.#departures.shareAtRisk(nowMs)
    this.#classOf = new Map(
      classes.flatMap(({ name, nodes }) => nodes.map((id) => [id, name] as const)),
    )
    this.#aside = new Set(classes.flatMap((one) => one.aside))
    return {
      pipelines: [...this.#parts.shapes.pipelines.values()].map((shape, p) =>
        this.#pipelineOf(shape, demands[p]!, atRisk)
      ),
      classes: classes.map((one) => this.#classFor(one)),
      holding: classes.map((one) => ({
        class: one.name,
        sets: one.nodes.filter((id) => !this.#aside.has(id)).flatMap((id) =>
          this.#parts.nodes.get(id)?.slots.map((slot) => ({
            variants: this.#refsOf(comingTo(slot)),
            slots: 1,
          })) ?? []
        ),
      })),
      atRisk,
    }
  }

  #refsOf(variants: readonly VariantShape[]): VariantRef[] {
    return variants.filter(this.#parts.isOpen).map(({ ref }) => ref)
  }

  #pipelineOf(
    { pipeline, tasks }: PipelineShape,
    { ratePerS, peak: { perS, surges }, floors }: PlaceDemand,
    atRisk: number,
  ): PlacePipeline {
    const handedOn = (variant: VariantShape, of: FanOut['mean']) =>
      Object.fromEntries(variant.task.next.map(({ name }, child) => [name, of(variant, child)]))
    return {
      name: pipeline.name,
      weight: pipeline.weight ?? 1,
      sloMs: pipeline.sloMs,
      ratePerS,
      peakPerS: Math.max(perS, ratePerS) / (1 - atRisk),
      surges,
      ...floors.length === 0 ? {} : { floors },
      root: pipeline.root,
      tasks: Object.fromEntries(tasks.map((task) => [task.name, {
        next: task.next.map(({ name }) => name),
        variants: Object.fromEntries(task.variants.map((variant) => [variant.ref.variant, {
          accuracy: variant.accuracy,
          fanOut: handedOn(variant, this.#parts.fanOut.mean),
          none: handedOn(variant, this.#parts.fanOut.none),
        }])),
      }])),
      ...pipeline.pathAccuracy === undefined ? {} : { pathAccuracy: pipeline.pathAccuracy },
    }
  }

  #classFor(
    { name, nodes, slots, dutySum, memoryBytes, networkMs, able }: ClassReport,
  ): PlaceClass {
    const node = this.#parts.nodes.get(nodes[0]!)
    return {
      name,
      slots,
      dutySum,
      memoryBytes,
      networkMs,
      able: able.flatMap(({ variant: index, points }) => {
        const variant = this.#parts.shapes.variants[index]!
        if (!this.#parts.isOpen(variant)) return []
        return [{ ...variant.ref, points, memoryBytes: node?.bytesOf.get(variant) ?? 0 }]
      }),
    }
  }

  /**
   * Sets what each slot should hold; to be called after any change.
   *
   * @param overtaken whether demand jumped since the placement was requested: then no more slots change
   */
  direct(overtaken: boolean): void {
    const placement = this.#placement
    if (placement === undefined) return
    const slots = this.#placedSlots(placement)
    const atOnce = overtaken ? 0 : placement.atOnce ?? mostAtOnce(slots.length)
    const empty = slots.filter(({ held }) => held.length === 0).length
    const { targets, moves } = match(placement, slots, { maxMoves: atOnce + empty })
    const starting = new Set(moves.map(({ slot }) => slot))
    for (const [placed, target] of targets) {
      const { slot, class: name } = placed
      if (target.length === 0 && isEmpty(slot)) {
        this.#give(slot, commonest(placement, name))
      } else if (starting.has(placed) || willHave(slot, this.#found(target))) {
        this.#give(slot, target)
      }
    }
  }

  /** Slots that the placement counts. Empty slots of other nodes are given their class's commonest set. */
  #placedSlots(placement: Placement): PlacedSlot[] {
    const placed: PlacedSlot[] = []
    for (const node of this.#parts.nodes.values()) {
      // A node that joined since is matched in its present class.
      const name = this.#classOf.get(node.id) ?? node.class ?? undefined
      if (node.paused || name === undefined) continue
      for (const slot of node.slots) {
        if (!this.#aside.has(node.id)) placed.push(this.#placedSlot(slot, name))
        // These nodes hold what others do, to prove themselves with it.
        else if (isEmpty(slot)) this.#give(slot, commonest(placement, name))
      }
    }
    return placed
  }

  #placedSlot(slot: Slot, name: string): PlacedSlot {
    const { node } = slot
    const roomBytes = node.memoryBytes - bytesOf(node, slot.held)
    return {
      slot,
      node: node.id,
      class: name,
      held: this.#refsOf(keptBy(slot, roomBytes)),
      loading: slot.loading === null ? [] : [slot.loading.ref],
      awake: slot.held.size > 0,
      tight: !node.swapRoom && roomBytes < Math.max(0, ...node.bytesOf.values()),
    }
  }

  #found(refs: readonly VariantRef[]): VariantShape[] {
    return refs.map(this.#parts.shapes.find).filter((variant) => variant !== undefined)
  }

  #give(slot: Slot, refs: readonly VariantRef[]): void {
    if (refs.length === 0) return
    // The node may have joined again since, with less memory.
    const able = this.#found(refs).filter((variant) => slot.node.order.includes(variant))
    slot.wanted = greedy(slot.node, able)
  }
}

/** Variants the slot will hold once its load is done. */
function comingTo({ held, loading, wanted }: Slot): VariantShape[] {
  if (loading === null) return [...held]
  return [...new Set([...held, loading])].filter((variant) => wanted.includes(variant))
}

/** Variants a slot holds, without those about to be unloaded for lack of room. */
const keptBy = ({ held, wanted }: Slot, roomBytes: number): VariantShape[] =>
  roomBytes < 0 ? wanted.filter((variant) => held.has(variant)) : [...held]

/** Whether a loading slot will hold all of these once its load is done. */
const willHave = ({ held, loading }: Slot, wanted: readonly VariantShape[]): boolean =>
  loading !== null && wanted.every((variant) => held.has(variant) || variant === loading)

const isEmpty = ({ held, loading, wanted }: Slot): boolean =>
  held.size === 0 && loading === null && wanted.length === 0

/**
 * The most common set of the class if none of its slots rests: for a slot that the placement does not
 * count, until the next one.
 */
function commonest({ classes }: Placement, name: string): VariantRef[] {
  const own = classes.find((one) => one.class === name)
  if (own === undefined || own.resting > 0) return []
  let most: { variants: VariantRef[]; slots: number } = { variants: [], slots: 0 }
  for (const set of own.sets) if (set.slots > most.slots) most = set
  return most.variants
}

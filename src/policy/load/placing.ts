/**
 * Placing: where slots cannot hold all, works out through the planner which slot holds what, and has
 * it loaded with few moves. Where every slot can hold all, each is given all and this does nothing.
 *
 * @module
 */
import type { FanOut } from '../demand/fanout.ts'
import type { PlaceDemand } from '../frontier/steering.ts'
import { assign } from '../place/assign.ts'
import type { AssignSlot } from '../place/match.ts'
import { mostAtOnce } from '../place/order.ts'
import type { Placement } from '../place/placement.ts'
import type { Problem } from '../place/problem.ts'
import type { ClassReport } from '../pool/class_report.ts'
import type { Rulings } from '../pool/rulings.ts'
import type { Shapes, VariantShape } from '../shape.ts'
import type { NodeId, VariantRef } from '../types.ts'
import { createDepartures } from './departures.ts'
import type { LoadingSlot } from './loader.ts'

export interface Member {
  id: NodeId
  slots: LoadingSlot[]
  able: readonly VariantShape[]
  /** The same in the order of loading. */
  order: readonly VariantShape[]
  /** A slot can hold all that the node is able to. */
  fitsAll: boolean
  /** Memory that each variant takes, and what a slot has for all of them. */
  bytesOf: ReadonlyMap<VariantShape, number>
  memoryBytes: number
  /** A slot may hold one variant more while it takes another's place. */
  swapRoom: boolean
  paused: boolean
  /** For the plan that is shown; null until it was put in one. */
  class: string | null
}

export interface Placing {
  /** A member came or went. */
  joined(nowMs: number): void
  left(nowMs: number): void
  problem(
    classes: readonly ClassReport[],
    demands: readonly PlaceDemand[],
    nowMs: number,
  ): Problem
  accept(placement: Placement): void
  /**
   * Sets what each slot is to hold; call it when anything changed.
   *
   * @param overtaken demand jumped since the placement was asked for: no more slots change for it
   */
  direct(overtaken: boolean): void
  readonly placement: Placement | undefined
}

export const bytesOf = (member: Pick<Member, 'bytesOf'>, variants: Iterable<VariantShape>) => {
  let sum = 0
  for (const variant of variants) sum += member.bytesOf.get(variant) ?? 0
  return sum
}

/** As much of them, in their order, as a slot has memory for; by default, of all in the load order. */
export function greedy(
  member: Member,
  order: readonly VariantShape[] = member.order,
): VariantShape[] {
  const kept: VariantShape[] = []
  for (const variant of order) {
    if (bytesOf(member, [...kept, variant]) <= member.memoryBytes) kept.push(variant)
  }
  return kept
}

/** What plans are made with; the rest is as `place/problem.ts` has it. */
export const PLACING_OPTIONS = {
  // Late binding forgives waiting: an item that waited is served by a slot kept for the peak.
  waitTail: 1,
  utilisationCap: 1,
  // Where more is asked for than slots carry, no slot is planned fuller.
  saturatedCap: 0.75,
} as const

/** What the slot will hold once its load is done. */
function comingTo({ held, loading, wanted }: LoadingSlot): VariantShape[] {
  if (loading === null) return [...held]
  return [...new Set([...held, loading])].filter((variant) => wanted.includes(variant))
}

/** What a slot holds, less what is about to go for want of room, now that a load is done. */
const keptBy = ({ held, wanted }: LoadingSlot, roomBytes: number): VariantShape[] =>
  roomBytes < 0 ? wanted.filter((variant) => held.has(variant)) : [...held]

/** Whether a slot that loads has all of these once that is done. */
const willHave = ({ held, loading }: LoadingSlot, wanted: readonly VariantShape[]): boolean =>
  loading !== null && wanted.every((variant) => held.has(variant) || variant === loading)

const isEmpty = ({ held, loading, wanted }: LoadingSlot): boolean =>
  held.size === 0 && loading === null && wanted.length === 0

/**
 * What most slots of the class are to hold, where none of them rests: for one more than the placement
 * knows of, until the next.
 */
function commonest({ classes }: Placement, name: string): VariantRef[] {
  const own = classes.find((one) => one.class === name)
  if (own === undefined || own.resting > 0) return []
  let most: { variants: VariantRef[]; slots: number } = { variants: [], slots: 0 }
  for (const set of own.sets) if (set.slots > most.slots) most = set
  return most.variants
}

export function createPlacing(
  shapes: Shapes,
  members: ReadonlyMap<NodeId, Member>,
  fanOut: Pick<FanOut, 'mean' | 'none'>,
  isOpen: Rulings['isOpen'],
): Placing {
  const departures = createDepartures()
  let placement: Placement | undefined
  /** Classes as the planner was last told of them: later ones may part the nodes otherwise. */
  let classOf: ReadonlyMap<NodeId, string> = new Map()
  /** Nodes that the planner was told to do without. */
  let aside: ReadonlySet<NodeId> = new Set()

  const handedOn = (variant: VariantShape, of: FanOut['mean']) =>
    Object.fromEntries(variant.task.next.map(({ name }, child) => [name, of(variant, child)]))

  function problem(
    classes: readonly ClassReport[],
    demands: readonly PlaceDemand[],
    nowMs: number,
  ): Problem {
    const atRisk = departures.shareAtRisk(nowMs)
    classOf = new Map(classes.flatMap(({ name, nodes }) => nodes.map((id) => [id, name] as const)))
    aside = new Set(classes.flatMap((one) => one.aside))
    let p = 0
    const pipelines = [...shapes.pipelines.values()].map(({ pipeline, tasks }) => {
      const { ratePerS, peak: { perS, surges }, floors } = demands[p++]!
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
            fanOut: handedOn(variant, fanOut.mean),
            none: handedOn(variant, fanOut.none),
          }])),
        }])),
        ...pipeline.pathAccuracy === undefined ? {} : { pathAccuracy: pipeline.pathAccuracy },
      }
    })
    return {
      pipelines,
      classes: classes.map((one) => {
        const member = members.get(one.nodes[0]!)
        return {
          name: one.name,
          slots: one.slots,
          dutySum: one.dutySum,
          memoryBytes: one.memoryBytes,
          maxVariants: Infinity,
          networkMs: one.networkMs,
          able: one.able.flatMap(({ variant: index, points }) => {
            const variant = shapes.variants[index]!
            if (!isOpen(variant)) return []
            const memoryBytes = member?.bytesOf.get(variant) ?? 0
            return [{ ...variant.ref, points, memoryBytes, swapMs: 0 }]
          }),
        }
      }),
      options: { ...PLACING_OPTIONS, atRisk },
      holding: classes.map((one) => ({
        class: one.name,
        sets: one.nodes.filter((id) => !aside.has(id)).flatMap((id) =>
          members.get(id)?.slots.map((slot) => ({
            variants: comingTo(slot).filter(isOpen).map(({ ref }) => ref),
            slots: 1,
          })) ?? []
        ),
      })),
    }
  }

  function direct(overtaken: boolean): void {
    if (placement === undefined) return
    const slots: AssignSlot[] = []
    const bySlot = new Map<string, { member: Member; slot: LoadingSlot; name: string }>()
    for (const member of members.values()) {
      // One that came since then is of the class that it is in now.
      const name = classOf.get(member.id) ?? member.class ?? undefined
      if (member.paused || name === undefined) continue
      if (aside.has(member.id)) {
        // They hold what others of their class do, to show what they can.
        for (const slot of member.slots) {
          if (isEmpty(slot)) give(slot, member, commonest(placement, name))
        }
        continue
      }
      member.slots.forEach((slot, i) => {
        const id = `${member.id} ${i}`
        bySlot.set(id, { member, slot, name })
        const room = member.memoryBytes - bytesOf(member, slot.held)
        slots.push({
          id,
          node: member.id,
          class: name,
          held: keptBy(slot, room).filter(isOpen).map(({ ref }) => ref),
          ...slot.loading === null ? {} : { loading: [slot.loading.ref] },
          awake: slot.held.size > 0,
          tight: !member.swapRoom && room < Math.max(0, ...member.bytesOf.values()),
        })
      })
    }
    const maxMoves = overtaken ? 0 : placement.atOnce ?? mostAtOnce(slots.length)
    const empty = slots.filter(({ held }) => held.length === 0).length
    const { slots: assigned, moves } = assign(placement, slots, { maxMoves: maxMoves + empty })
    const starting = new Set(moves.map(({ id }) => id))
    for (const { id, target } of assigned) {
      const { member, slot, name } = bySlot.get(id)!
      const isExtra = target.length === 0 && isEmpty(slot)
      const given = isExtra ? commonest(placement, name) : target
      if (given.length === 0) continue
      const wanted = given.map(shapes.find).filter((variant) => variant !== undefined)
      if (!isExtra && !starting.has(id) && !willHave(slot, wanted)) continue
      give(slot, member, given)
    }
  }

  function give(slot: LoadingSlot, member: Member, refs: readonly VariantRef[]): void {
    const wanted = refs.map(shapes.find).filter((variant) => variant !== undefined)
    // Its node may have come anew since, with less memory.
    slot.wanted = greedy(member, wanted.filter((variant) => member.able.includes(variant)))
  }

  return {
    joined: (nowMs) => departures.joined(members.size, nowMs),
    left: (nowMs) => departures.left(members.size, nowMs),
    problem,
    accept(given) {
      placement = given
    },
    direct,
    get placement() {
      return placement
    },
  }
}

/**
 * The controller: cluster-wide. Knows who is in the pool and what each node is able to hold, has it
 * loaded, follows the demand, and says what the plan is.
 *
 * @module
 */
import { createAwake } from './awake.ts'
import type { Report } from './counters.ts'
import { createDemand, type Demand } from './demand.ts'
import type { Directive } from './directive.ts'
import { createAim } from './frontier/aim.ts'
import { type Mix, pathsOf } from './frontier/mix.ts'
import { groupPrices } from './frontier/prices.ts'
import { solveFrontier } from './frontier/solve.ts'
import { createLoader, type LoadingSlot } from './loader.ts'
import type { Limits } from './options.ts'
import { loadOrder } from './place.ts'
import type { Shapes, VariantShape } from './shape.ts'
import { ONE_CLASS } from './stats.ts'
import type { NodeId, Plan, PolicyCommand, PolicyEvent, SlotIndex, VariantRef } from './types.ts'

export interface Controller {
  handle(event: PolicyEvent, nowMs: number): void
  /** Whether the mix should be worked out anew: time has passed, or demand has jumped. */
  isDue(nowMs: number): boolean
  /** Takes what a dispatcher saw since its last report, and decides anew. */
  decide(report: Report, nowMs: number): Directive
  nextWakeMs(): number
  plan(nowMs: number): Plan
}

interface Member {
  slots: LoadingSlot[]
  wanted: VariantShape[]
  paused: boolean
}

/** Of one pipeline: its demand, and what was served and refused in the last reports, fading. */
interface Recent {
  demand: Demand
  /** What the mix in force was made for. */
  plannedPerS: number
  served: number
  accuracySum: number
  refused: number
}

const FRONTIER_MS = 100
const PRICES_MS = 1000
/** What remains of what was seen, each second. */
const FADE = 0.5
const MAX_SLOTS = 256
/** A demand above what the mix was made for by this factor and so many queries is a jump. */
const JUMP = 1.25
const JUMP_PER_S = 2
/** Some way is planned for a pipeline that nobody asks for. */
const LEAST_PER_S = 0.01

/** Share of the shortest SLO that the work inside may take without being worked off. */
const USUAL_BACKLOG = 0.15
const GAIN = 1
const LEAST_FACTOR = 0.6
const MOST_FACTOR = 1.1

/** A queue longer than usual is worked off by planning with less than there is; a short one allows more. */
const drainFactor = (backlog: number) =>
  Math.min(Math.max(1 + GAIN * (USUAL_BACKLOG - backlog), LEAST_FACTOR), MOST_FACTOR)

export function createController(
  shapes: Shapes,
  limits: Limits,
  emit: (command: PolicyCommand) => void,
  told: (node: NodeId, slot: SlotIndex, ref: VariantRef) => void,
): Controller {
  const loader = createLoader(limits.maxLoadAttempts, emit, told)
  const members = new Map<NodeId, Member>()
  const recent = new Map<string, Recent>(
    [...shapes.pipelines.keys()].map((name) => [
      name,
      { demand: createDemand(), plannedPerS: 0, served: 0, accuracySum: 0, refused: 0 },
    ]),
  )
  const aim = createAim()
  const leastSloMs = Math.min(...[...shapes.pipelines.values()].map((s) => s.pipeline.sloMs))
  const awake = createAwake()
  let epoch = 0
  let decidedMs = -Infinity
  let decidedEpoch = -1
  let prices: ReadonlyMap<string, number> = new Map()
  let pricedMs = -Infinity
  let pricedEpoch = -1
  let mix: Mix | undefined
  /** When a failed load is tried again; undefined after anything that may have changed it. */
  let retryAtMs: number | undefined

  function loadNext(id: NodeId, member: Member, nowMs: number): void {
    member.slots.forEach((slot, i) =>
      loader.next(slot, { node: id, slot: i }, member.wanted, nowMs)
    )
  }

  function resize(member: Member, slots: number): void {
    const count = Math.min(Math.max(Math.trunc(slots) || 0, 0), MAX_SLOTS)
    member.slots.splice(count)
    while (member.slots.length < count) member.slots.push(loader.slot())
  }

  function handle(event: PolicyEvent, nowMs: number): void {
    switch (event.type) {
      case 'query_arrived':
        return recent.get(event.pipeline)?.demand.count(nowMs)
      case 'query_cancelled':
      case 'batch_finished':
      case 'batch_failed':
        return
      case 'wake':
        // All that could be loaded at once is: by the time alone only a failed load may go on.
        if ((retryAtMs ??= nextRetryMs()) > nowMs) return
    }
    retryAtMs = undefined
    switch (event.type) {
      case 'node_joined': {
        const able = event.able.map(shapes.find).filter((variant) => variant !== undefined)
        const member: Member = { slots: [], wanted: loadOrder(able), paused: false }
        resize(member, event.slots)
        members.set(event.node, member)
        epoch++
        return loadNext(event.node, member, nowMs)
      }
      case 'node_reported': {
        const member = members.get(event.node)
        if (member === undefined) return
        if (event.paused !== undefined) member.paused = event.paused
        if (event.slots === undefined) return
        resize(member, event.slots)
        epoch++
        return loadNext(event.node, member, nowMs)
      }
      case 'node_left':
        if (members.delete(event.node)) epoch++
        return
      case 'instance_ready':
      case 'load_failed': {
        const member = members.get(event.node)
        const slot = member?.slots[event.slot]
        const variant = shapes.find(event)
        if (member === undefined || slot === undefined || variant === undefined) return
        if (event.type === 'instance_ready') loader.ready(slot, variant)
        else loader.failed(slot, variant, nowMs)
        epoch++
        return loader.next(slot, { node: event.node, slot: event.slot }, member.wanted, nowMs)
      }
      case 'wake':
        for (const [id, member] of members) loadNext(id, member, nowMs)
        return
      default:
        return
    }
  }

  function nextRetryMs(): number {
    let next = Infinity
    for (const { slots } of members.values()) {
      for (const slot of slots) next = Math.min(next, loader.retryAtMs(slot))
    }
    return next
  }

  function isDue(nowMs: number): boolean {
    if (nowMs - decidedMs >= FRONTIER_MS || decidedEpoch !== epoch) return true
    for (const { demand, plannedPerS } of recent.values()) {
      if (demand.ratePerS(nowMs) > JUMP * plannedPerS + JUMP_PER_S) return true
    }
    return false
  }

  function decide(report: Report, nowMs: number): Directive {
    const fade = FADE ** (Math.min(nowMs - decidedMs, 10_000) / 1000)
    decidedMs = nowMs
    decidedEpoch = epoch
    const servedBy = new Map(mix?.pipelines.map(({ pipeline, served }) => [pipeline, served]))
    let finished = 0
    let tight = 0
    for (const seen of report.pipelines) {
      const row = recent.get(seen.pipeline)!
      row.served = row.served * fade + seen.served
      row.accuracySum = row.accuracySum * fade + seen.accuracySum
      row.refused = row.refused * fade + seen.refused
      // Refused though the mix meant to serve all: it planned with more than there is.
      const refused = (servedBy.get(seen.pipeline) ?? 1) > 0.999 ? seen.refused : 0
      finished += seen.served + refused
      tight += seen.tight + refused
    }
    aim.learn(finished + tight, tight, mix === undefined || mix.load < 0.9)
    const ratesPerS = [...recent.values()].map((row) => {
      row.plannedPerS = row.demand.ratePerS(nowMs)
      return Math.max(row.plannedPerS, LEAST_PER_S)
    })
    const share = aim.value * drainFactor(report.backlogMs / leastSloMs)
    mix = solveFrontier(shapes, { ...report.capacity, ratesPerS, aim: share })
    if (nowMs - pricedMs >= PRICES_MS || pricedEpoch !== epoch) {
      pricedMs = nowMs
      pricedEpoch = epoch
      const found = groupPrices(shapes, { ...report.capacity, ratesPerS, aim: 1 })
      prices = new Map(report.capacity.groups.map(({ key }, g) => [key, found[g]!]))
    }
    return { epoch, mix, prices, awake: awake.decide(mix, report.capacity.groups, nowMs) }
  }

  function instancesOf(): Plan['instances'] {
    const counts = new Map<VariantShape, number>()
    for (const { slots } of members.values()) {
      for (const { held } of slots) {
        for (const variant of held) counts.set(variant, (counts.get(variant) ?? 0) + 1)
      }
    }
    return shapes.variants.filter((variant) => counts.has(variant)).map((variant) => ({
      ...variant.ref,
      class: ONE_CLASS,
      count: counts.get(variant)!,
    }))
  }

  return {
    handle,
    isDue,
    decide,
    nextWakeMs: () => retryAtMs ??= nextRetryMs(),
    plan(nowMs) {
      let objective = 0
      let bound = 0
      let refused = 0
      let lost = 0
      for (const [pipeline, row] of recent) {
        const best = shapes.pipelines.get(pipeline)!.bestFloor
        const rate = row.demand.ratePerS(nowMs)
        const asked = row.served + row.refused
        objective += asked > 0 ? rate * row.accuracySum / asked : 0
        bound += rate * best
        refused += row.refused
        if (row.served > 0.5) lost = Math.max(lost, best - row.accuracySum / row.served)
      }
      const all = [...members.values()]
      const paused = all.filter((member) => member.paused).length
      const mode = refused > 0.5 ? 'saturated' : lost > 0.005 ? 'accuracy' : 'hardware'
      bound = Math.max(bound, objective)
      return {
        epoch,
        mode,
        objective,
        bound,
        gap: bound > 0 ? (bound - objective) / bound : 0,
        reason: REASONS[mode],
        solveMs: 0,
        mix: mix === undefined ? [] : pathsOf(shapes, mix),
        instances: instancesOf(),
        awake: all.length - paused,
        standby: 0,
        resting: paused,
      }
    },
  }
}

const REASONS: { [mode in Plan['mode']]: string } = {
  hardware: 'Every slot holds all it can; the most accurate paths carry the demand',
  accuracy: 'Every slot holds all it can; quicker paths serve a part, to keep deadlines',
  saturated: 'Every slot holds all it can; some queries are refused for want of capacity',
}

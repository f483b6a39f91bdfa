/**
 * The controller: cluster-wide. Knows who is in the pool and what each node is able to hold, has it
 * loaded, follows the demand, and says what the plan is.
 *
 * @module
 */
import type { Report } from './counters.ts'
import { createDemand, type Demand } from './demand.ts'
import { createLoader, type LoadingSlot } from './loader.ts'
import type { Limits } from './options.ts'
import { loadOrder } from './place.ts'
import type { Shapes, VariantShape } from './shape.ts'
import { ONE_CLASS } from './stats.ts'
import type { NodeId, Plan, PolicyCommand, PolicyEvent, SlotIndex, VariantRef } from './types.ts'

export interface Controller {
  handle(event: PolicyEvent, nowMs: number): void
  /** What a dispatcher saw since its last report. */
  receive(report: Report): void
  nextWakeMs(): number
  plan(nowMs: number): Plan
}

interface Member {
  slots: LoadingSlot[]
  wanted: VariantShape[]
  paused: boolean
}

/** Served and refused in the last reports, fading. */
interface Recent {
  demand: Demand
  served: number
  accuracySum: number
  refused: number
  paths: Map<string, { path: string[]; items: number }>
}

const FADE = 0.5
const MAX_PATHS = 256
const MAX_SLOTS = 256

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
      { demand: createDemand(), served: 0, accuracySum: 0, refused: 0, paths: new Map() },
    ]),
  )
  let epoch = 0

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

  function receive(report: Report): void {
    for (const { pipeline, served, accuracySum, refused, paths } of report.pipelines) {
      const row = recent.get(pipeline)
      if (row === undefined) continue
      row.served = row.served * FADE + served
      row.accuracySum = row.accuracySum * FADE + accuracySum
      row.refused = row.refused * FADE + refused
      for (const [key, seen] of row.paths) {
        seen.items *= FADE
        if (seen.items < 0.01) row.paths.delete(key)
      }
      for (const { path, items } of paths) {
        const key = path.join('\n')
        const seen = row.paths.get(key)
        if (seen !== undefined) seen.items += items
        else if (row.paths.size < MAX_PATHS) row.paths.set(key, { path, items })
      }
    }
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
    receive,
    nextWakeMs() {
      let next = Infinity
      for (const { slots } of members.values()) {
        for (const slot of slots) next = Math.min(next, loader.retryAtMs(slot))
      }
      return next
    },
    plan(nowMs) {
      let objective = 0
      let bound = 0
      let refused = 0
      let lost = 0
      const mix: Plan['mix'] = []
      for (const [pipeline, row] of recent) {
        const best = shapes.pipelines.get(pipeline)!.bestFloor
        const rate = row.demand.ratePerS(nowMs)
        const asked = row.served + row.refused
        objective += asked > 0 ? rate * row.accuracySum / asked : 0
        bound += rate * best
        refused += row.refused
        if (row.served > 0.5) lost = Math.max(lost, best - row.accuracySum / row.served)
        const items = [...row.paths.values()].reduce((sum, seen) => sum + seen.items, 0)
        for (const { path, items: some } of row.paths.values()) {
          mix.push({ pipeline, path, share: some / items })
        }
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
        mix,
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

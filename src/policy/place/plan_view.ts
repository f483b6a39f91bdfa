/**
 * The plan as reported: mode, mix, instances, and number of awake nodes.
 *
 * @module
 */
import { bestMean, type HandedOn } from '../price/handed_on.ts'
import type { Demands } from '../estimate/demands.ts'
import type { Market } from '../price/market.ts'
import type { PoolNode } from '../state/node.ts'
import { place } from './params.ts'
import type { Rulings } from '../state/rulings.ts'
import type { Prefix, Shapes, VariantShape } from '../core/graph.ts'
import type { Plan } from '../core/types.ts'

export interface PlanParts {
  shapes: Shapes
  epoch: number
  nodes: Iterable<PoolNode>
  demands: Demands
  /** Prices and flows with all slots, and number of awake nodes. */
  planned: { market: Market; awake: number } | undefined
  rulings: Rulings
  handedOn: HandedOn
  /** The planner's plan, if slots cannot hold all. */
  placed: Plan | undefined
  nowMs: number
}

/** Share of a pipeline's queries that may be refused while it counts as served. */
const MISSING = 1e-3
/** Least share of a path that is reported. */
const LEAST_SHARE = 1e-4

export function planView(parts: PlanParts): Plan {
  const { shapes, demands, rulings, handedOn, placed, planned, nowMs } = parts
  const nodes = [...parts.nodes]
  let objective = 0
  let bound = 0
  let hasDemand = false
  let served = true
  let lost = 0
  for (const { name: pipeline, starts } of shapes.pipelines.values()) {
    const rate = demands.ratePerS(pipeline, nowMs)
    // Without demand nothing is refused, whatever nodes still being measured could do.
    if (rate === 0) continue
    hasDemand = true
    const best = bestMean(starts, handedOn, rulings.isOpen)
    bound += rate * best
    const flow = planned === undefined ? undefined : flowOf(pipeline, planned.market)
    if (flow === undefined) continue
    objective += rate * flow.served * flow.accuracy
    if (flow.served < 1 - MISSING) served = false
    lost = Math.max(lost, best - flow.accuracy)
  }
  const mode = !served ? 'saturated' : lost > place.gap ? 'accuracy' : 'hardware'
  bound = Math.max(bound, objective)
  const all = nodes.filter(({ paused }) => !paused)
  const awakeNodes = Math.min(all.length, planned?.awake ?? 0)
  return {
    epoch: parts.epoch,
    mode,
    objective,
    bound,
    gap: bound > 0 ? (bound - objective) / bound : 0,
    reason: reasonOf(placed, hasDemand ? REASONS[mode] : 'no demand', rulings.words),
    solveMs: placed?.solveMs ?? 0,
    mix: planned === undefined ? [] : pathsOf(shapes, planned.market),
    instances: instancesOf(shapes, nodes),
    awake: awakeNodes,
    standby: all.length - awakeNodes,
    resting: nodes.length - all.length,
  }
}

const REASONS: { [mode in Plan['mode']]: string } = {
  hardware: 'the most accurate paths carry the demand',
  accuracy: 'quicker paths serve a part, to keep deadlines',
  saturated: 'some queries are refused for want of capacity',
}

function reasonOf(placed: Plan | undefined, carried: string, ruled: string): string {
  const reason = placed?.reason ?? `Every slot holds all it can; ${carried}`
  return ruled === '' ? reason : `${reason}; ${ruled}`
}

function instancesOf(shapes: Shapes, nodes: readonly PoolNode[]): Plan['instances'] {
  const counts = new Map<VariantShape, Map<string, number>>()
  for (const node of nodes) {
    const name = node.class ?? 'new'
    for (const { held } of node.slots) {
      for (const variant of held) {
        const byClass = counts.get(variant) ?? new Map<string, number>()
        counts.set(variant, byClass)
        byClass.set(name, (byClass.get(name) ?? 0) + 1)
      }
    }
  }
  return shapes.variants.flatMap((variant) =>
    [...counts.get(variant) ?? []].map(([name, count]) => ({ ...variant.ref, class: name, count }))
  )
}

/** Sum over the demands of one pipeline at all minimum accuracies. */
function flowOf(pipeline: string, { problem: { demands }, plan }: Market) {
  let [rate, served, accuracy] = [0, 0, 0]
  const flow: number[] = []
  demands.forEach(({ shape, ratePerS }, d) => {
    if (shape.name !== pipeline) return
    const own = plan.byDemand[d]!
    rate += ratePerS
    served += ratePerS * own.served
    accuracy += ratePerS * own.served * own.accuracy
    own.flow.forEach((share, id) => flow[id] = (flow[id] ?? 0) + share * ratePerS)
  })
  if (rate === 0) return undefined
  return {
    served: served / rate,
    accuracy: accuracy / Math.max(served, 1e-12),
    flow: flow.map((one) => one / rate),
  }
}

/** Paths from root to leaf with shares; the shares below a branch sum to its share of leaf items. */
function pathsOf(shapes: Shapes, market: Market): Plan['mix'] {
  const rows: Plan['mix'] = []
  for (const { name: pipeline, starts } of shapes.pipelines.values()) {
    const found = flowOf(pipeline, market)
    if (found === undefined) continue
    const visit = (prefix: Prefix, before: string[], weight: number) => {
      const share = found.flow[prefix.id] ?? 0
      if (share < LEAST_SHARE) return
      const path = [...before, prefix.variant.ref.variant]
      if (prefix.next.length === 0) {
        rows.push({ pipeline, path, share: share * weight / Math.max(found.served, LEAST_SHARE) })
        return
      }
      for (const branch of prefix.next) {
        for (const next of branch) visit(next, path, weight / prefix.next.length)
      }
    }
    for (const start of starts) visit(start, [], 1)
  }
  return rows
}

/**
 * The plan as it is shown: mode, mix, instances, and how many nodes are awake.
 *
 * @module
 */
import { bestMean, type HandedOn } from './frontier/counted.ts'
import { isAllServed, pathsOf } from './frontier/mix.ts'
import type { Steering } from './frontier/steering.ts'
import type { Member } from './load/member.ts'
import type { Rulings } from './pool/rulings.ts'
import type { Shapes, VariantShape } from './shape.ts'
import type { Plan } from './types.ts'

export interface PlanParts {
  shapes: Shapes
  epoch: number
  members: Iterable<Member>
  steering: Steering
  rulings: Rulings
  handedOn: HandedOn
  /** The planner's word where slots cannot hold all. */
  placed: Plan | undefined
  nowMs: number
}

/** Accuracy lost that is noise, not a choice. */
const LOST = 0.005

export function planView(parts: PlanParts): Plan {
  const { shapes, steering, rulings, handedOn, placed, nowMs } = parts
  const members = [...parts.members]
  const { mix, awake } = steering.directive ?? { mix: undefined, awake: new Map<string, number>() }
  let objective = 0
  let bound = 0
  let asked = false
  let served = true
  let lost = 0
  for (const [pipeline, { demand }] of steering.seen()) {
    const rate = demand.ratePerS(nowMs)
    const planned = mix?.pipelines.find((row) => row.pipeline === pipeline)
    // Where nobody asks nothing is refused, whatever nodes that are still measuring could do.
    if (rate === 0) continue
    asked = true
    const { starts } = shapes.pipelines.get(pipeline)!
    const best = bestMean(starts, handedOn, rulings.isOpen)
    bound += rate * best
    if (planned === undefined) continue
    objective += rate * planned.served * planned.accuracy
    if (!isAllServed(planned)) served = false
    lost = Math.max(lost, best - planned.accuracy)
  }
  const mode = !served ? 'saturated' : lost > LOST ? 'accuracy' : 'hardware'
  bound = Math.max(bound, objective)
  const all = members.filter(({ paused }) => !paused)
  const wanted = [...awake.values()].reduce((sum, slots) => sum + slots, 0)
  const perNode = all.reduce((sum, { slots }) => sum + slots.length, 0) / Math.max(all.length, 1)
  const awakeNodes = Math.min(all.length, Math.ceil(wanted / Math.max(perNode, 1)))
  return {
    epoch: parts.epoch,
    mode,
    objective,
    bound,
    gap: bound > 0 ? (bound - objective) / bound : 0,
    reason: reasonOf(placed, asked ? REASONS[mode] : 'nobody asks', rulings.words),
    solveMs: placed?.solveMs ?? 0,
    mix: mix === undefined ? [] : pathsOf(shapes, mix),
    instances: instancesOf(shapes, members),
    awake: awakeNodes,
    standby: all.length - awakeNodes,
    resting: members.length - all.length,
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

function instancesOf(shapes: Shapes, members: readonly Member[]): Plan['instances'] {
  const counts = new Map<VariantShape, Map<string, number>>()
  for (const member of members) {
    const name = member.class ?? 'new'
    for (const { held } of member.slots) {
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

/**
 * The placement as it is told: from checked sets and flows to what each class holds, the mix of
 * paths, and which class works how much.
 *
 * @module
 */
import type { Prefix } from '../core/graph.ts'

import type { Checked } from './plans.ts'
import { type ClassShape, type Compiled, type Kind, workingMs } from './compile.ts'
import type { Schedule } from './migration.ts'
import { place } from './params.ts'
import type { ClassPlacement, PlacedWork, Placement, PlaceMode } from './problem.ts'
import { type HeldSet, setsOf, slotsIn } from './sets.ts'

export interface Outcome {
  mode: PlaceMode
  checked: Checked
  /** Of the objective as told. */
  bound: number
  kept: boolean
}

const REASONS: { [mode in PlaceMode]: string } = {
  accuracy: 'The most accurate variants that carry the demand together',
  saturated: 'The demand is more than all slots carry with any variants; most queries are served',
}

/** Pipelines of which no time can be kept for waiting, since no path is as quick. */
function inHaste({ demands }: Compiled): string {
  const names = demands.filter(({ budgetMs, pipeline }) => budgetMs > workingMs(pipeline.sloMs))
    .map(({ pipeline }) => pipeline.name)
  return names.length === 0 ? '' : `; too slow to wait for long: ${names.join(', ')}`
}

export function placementOf(
  compiled: Compiled,
  { mode, checked, bound, kept }: Outcome,
  /** What other slots hold, warm. */
  standby: readonly Kind[],
  schedule: Schedule,
): Placement {
  const { demands, classes, totalPerS } = compiled
  const objective = mode === 'saturated'
    ? checked.score / place.served * totalPerS
    : demands.reduce((sum, { ratePerS, best }, p) =>
      sum + ratePerS * checked.served[p]! * checked.accuracy[p]! / best, 0)
  const upper = Math.max(bound, objective)
  return {
    ...nothingPlaced(compiled),
    mode,
    objective,
    bound: upper,
    gap: upper > 0 ? (upper - objective) / upper : 0,
    slots: checked.slots,
    reason: REASONS[mode] + (kept ? '; what was held stays' : '') + inHaste(compiled),
    kept,
    served: demands.map(({ pipeline }, p) => ({
      pipeline: pipeline.name,
      share: Math.min(1, checked.served[p]!),
      accuracy: checked.accuracy[p]!,
    })),
    classes: classes.map((one) => classPlacement(one, checked.kinds, standby)),
    ...schedule,
    mix: mixOf(compiled, checked),
    work: workOf(checked),
  }
}

function classPlacement(
  one: ClassShape,
  kinds: readonly Kind[],
  standbyKinds: readonly Kind[],
): ClassPlacement {
  const told = (sets: readonly HeldSet[]) =>
    sets.map(({ variants, slots }) => ({ variants: variants.map(({ ref }) => ref), slots }))
  const [sets, standbySets] = [told(setsOf(one, kinds)), told(setsOf(one, standbyKinds))]
  const [awake, standby] = [slotsIn(sets), slotsIn(standbySets)]
  const resting = one.slots - awake - standby
  return { class: one.given.name, sets, standbySets, awake, standby, resting }
}

/** What is told where no query would be in time. */
const NOTHING = {
  mode: 'saturated',
  objective: 0,
  bound: 0,
  gap: 0,
  mix: [],
  work: [],
} satisfies Partial<Placement>

/** No slot can serve anything: nothing is held, and all of it rests. */
export function nothingPlaced({ demands, classes, totalPerS, effort }: Compiled): Placement {
  return {
    ...NOTHING,
    slots: 0,
    reason: totalPerS > 0
      ? 'No slot can serve any pipeline within its deadline; nothing is held'
      : 'No pipeline is served; nothing is held',
    kept: false,
    served: demands.map(({ pipeline }) => ({ pipeline: pipeline.name, share: 0, accuracy: 0 })),
    classes: classes.map((one) => classPlacement(one, [], [])),
    first: [],
    effort: { ...effort },
  }
}

/** No query would be in time: what is quickest is held all the same. */
export const onlyHeld = (compiled: Compiled, placement: Placement): Placement => ({
  ...placement,
  ...NOTHING,
  reason: 'No slot can serve any pipeline within its deadline; what is quickest is held',
  served: nothingPlaced(compiled).served,
})

const pathOf = ({ parent, variant }: Prefix): string[] => [
  ...parent === null ? [] : pathOf(parent),
  variant.ref.variant,
]

function mixOf({ demands }: Compiled, { program, values, served }: Checked): Placement['mix'] {
  const shares = new Map<Prefix, number>()
  program.flows.flows.forEach(({ demand, to, weight, end }, f) => {
    const share = values[program.flowColumns[f]!]! * weight / Math.max(served[demand]!, 1e-9)
    if (to < 0 && share > 1e-7) shares.set(end, (shares.get(end) ?? 0) + share)
  })
  return demands.flatMap(({ pipeline: { name } }) =>
    [...shares].filter(([end]) => end.variant.ref.pipeline === name)
      .map(([end, share]) => ({ pipeline: name, path: pathOf(end), share }))
  )
}

/** Items per second of each variant on each class: no more than the flows bring. */
export function workOf({ program, values }: Checked): PlacedWork[] {
  const { compiled: { shapes, demands }, flows, flowColumns, kinds, shares } = program
  const needed = shapes.variants.map(() => 0)
  flows.flows.forEach(({ demand, steps }, f) => {
    const perS = values[flowColumns[f]!]! * demands[demand]!.ratePerS
    for (const { variant, items } of steps) needed[variant.index]! += perS * items
  })
  const given = shapes.variants.map(() => 0)
  for (const { column, variant, itemsPerS } of shares) {
    given[variant.index]! += values[column]! * itemsPerS
  }
  const rows = new Map<string, PlacedWork>()
  for (const { column, kind, variant, itemsPerS } of shares) {
    const [offered, wanted] = [given[variant.index]!, needed[variant.index]!]
    // Whole slots can do more than is asked of them: each does its part.
    const used = values[column]! * Math.min(1, offered > 0 ? wanted / offered : 0)
    if (used * itemsPerS <= 1e-9) continue
    const { name } = kinds[kind]!.class.given
    const key = `${name}\n${variant.index}`
    const row = rows.get(key) ?? { ...variant.ref, class: name, itemsPerS: 0, slotTime: 0 }
    row.itemsPerS += used * itemsPerS
    row.slotTime += used
    rows.set(key, row)
  }
  return [...rows.values()]
}

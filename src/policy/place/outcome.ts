/**
 * The placement as it is told: from checked sets and flows to what each class holds, the mix of
 * paths, and who works how much.
 *
 * @module
 */
import type { Prefix } from '../shape.ts'
import { type Kind, SERVED } from './build.ts'
import type { Compiled, Demand } from './compile.ts'
import type { Flows } from './flow_walk.ts'
import type { Counted } from './lp.ts'
import type { Order } from './order.ts'
import type { PlacedWork, Placement, PlaceMode } from './placement.ts'
import { type Checked, setsOf } from './check.ts'

export interface Outcome {
  mode: PlaceMode
  checked: Checked
  /** What other slots hold, warm; none where absent. */
  standby?: readonly Kind[]
  /** Of the objective as told; NaN where nothing can be better. */
  bound: number
  slotsBound: number
  kept: boolean
}

/** With the slots that are to change first, and how many at one time. */
export interface Ordered extends Outcome {
  order: Order
}

const REASONS: { [mode in PlaceMode]: string } = {
  hardware: 'The most accurate variants carry the demand; the slots they do not need rest',
  accuracy: 'Quicker variants serve a part, so that all slots together carry the demand',
  saturated: 'The demand is more than all slots carry with any variants; most queries are served',
}

/** Pipelines of which half of the time cannot be kept for waiting, since no way is as quick. */
function inHaste({ demands, options: { halving } }: Compiled): string {
  const isHasty = ({ budgetMs, pipeline }: Demand) => halving && budgetMs > pipeline.sloMs / 2
  const names = demands.filter(isHasty).map(({ pipeline }) => pipeline.name)
  return names.length === 0 ? '' : `; too slow to wait for long: ${names.join(', ')}`
}

export function placementOf(
  compiled: Compiled,
  flows: Flows,
  { mode, checked, standby = [], order, bound, slotsBound, kept }: Ordered,
  counted: Counted,
): Placement {
  const { demands, classes, totalPerS } = compiled
  const objective = mode === 'saturated'
    ? checked.score / SERVED * totalPerS
    : demands.reduce((sum, { ratePerS, best }, p) =>
      sum + ratePerS * checked.served[p]! * checked.accuracy[p]! / best, 0)
  const upper = Number.isFinite(bound) ? Math.max(bound, objective) : NaN
  const least = mode === 'hardware' ? objective : Number.isNaN(upper) ? totalPerS : upper
  return {
    mode,
    objective,
    bound: least,
    gap: least > 0 ? (least - objective) / least : 0,
    slots: checked.slots,
    slotsBound,
    reason: REASONS[mode] + (kept ? '; what was held stays' : '') + inHaste(compiled),
    pruned: flows.pruned,
    kept,
    served: demands.map(({ pipeline }, p) => ({
      pipeline: pipeline.name,
      share: Math.min(1, checked.served[p]!),
      accuracy: checked.accuracy[p]!,
    })),
    classes: classes.map((one) => {
      const sets = setsOf(one, checked.kinds)
      const warm = setsOf(one, standby)
      const awake = sets.reduce((sum, { slots }) => sum + slots, 0)
      const spare = warm.reduce((sum, { slots }) => sum + slots, 0)
      const told = (list: typeof sets) =>
        list.map(({ variants, slots }) => ({ variants: variants.map(({ ref }) => ref), slots }))
      return {
        class: one.given.name,
        sets: told(sets),
        standbySets: told(warm),
        awake,
        standby: spare,
        resting: one.slots - awake - spare,
      }
    }),
    ...order,
    mix: mixOf(compiled, checked),
    work: workOf(checked),
    effort: { ...counted },
  }
}

/** No slot can serve anything: nothing is held, and all of it rests. */
export function nothingPlaced(
  { demands, classes, totalPerS }: Compiled,
  counted: Counted,
): Placement {
  return {
    mode: 'saturated',
    ...{ objective: 0, bound: 0, gap: 0, slots: 0, slotsBound: 0 },
    reason: totalPerS > 0
      ? 'No slot can serve any pipeline within its deadline; nothing is held'
      : 'No pipeline is served; nothing is held',
    pruned: false,
    kept: false,
    served: demands.map(({ pipeline }) => ({ pipeline: pipeline.name, share: 0, accuracy: 0 })),
    classes: classes.map(({ given, slots }) => ({
      ...{ class: given.name, sets: [], standbySets: [], awake: 0, standby: 0, resting: slots },
    })),
    first: [],
    mix: [],
    work: [],
    effort: { ...counted },
  }
}

/** Nobody would be in time: what is quickest is held all the same. */
export function onlyHeld(compiled: Compiled, placement: Placement, counted: Counted): Placement {
  const { classes, first, atOnce, kept } = placement
  return {
    ...nothingPlaced(compiled, counted),
    reason: 'No slot can serve any pipeline within its deadline; what is quickest is held',
    ...{ classes, first, kept, slots: placement.slots },
    ...atOnce === undefined ? {} : { atOnce },
  }
}

function pathOf(end: Prefix): string[] {
  return [...end.parent === null ? [] : pathOf(end.parent), end.variant.ref.variant]
}

function mixOf({ demands }: Compiled, { built, values, served }: Checked): Placement['mix'] {
  const shares = new Map<Prefix, number>()
  built.flows.flows.forEach(({ demand, to, weight, end }, f) => {
    const share = values[built.flowColumns[f]!]! * weight / Math.max(served[demand]!, 1e-9)
    if (to < 0 && share > 1e-7) shares.set(end, (shares.get(end) ?? 0) + share)
  })
  return demands.flatMap(({ pipeline: { name } }) =>
    [...shares].filter(([end]) => end.variant.ref.pipeline === name)
      .map(([end, share]) => ({ pipeline: name, path: pathOf(end), share }))
  )
}

/** Items per second of each variant on each class: no more than the flows bring. */
export function workOf({ built, values }: Checked): PlacedWork[] {
  const needed = built.compiled.shapes.variants.map(() => 0)
  built.flows.flows.forEach(({ demand, steps }, f) => {
    const perS = values[built.flowColumns[f]!]! * built.compiled.demands[demand]!.ratePerS
    for (const { variant, items } of steps) needed[variant.index]! += perS * items
  })
  const given = built.compiled.shapes.variants.map(() => 0)
  for (const { column, variant, itemsPerS } of built.shares) {
    given[variant.index]! += values[column]! * itemsPerS
  }
  const rows = new Map<string, PlacedWork>()
  for (const { column, kind, variant, itemsPerS } of built.shares) {
    const [offered, wanted] = [given[variant.index]!, needed[variant.index]!]
    // Whole slots can do more than is asked of them: each does its part.
    const used = values[column]! * Math.min(1, offered > 0 ? wanted / offered : 0)
    if (used * itemsPerS <= 1e-9) continue
    const { name } = built.kinds[kind]!.class.given
    const key = `${name}\n${variant.index}`
    const row = rows.get(key) ?? { ...variant.ref, class: name, itemsPerS: 0, slotTime: 0 }
    row.itemsPerS += used * itemsPerS
    row.slotTime += used
    rows.set(key, row)
  }
  return [...rows.values()]
}

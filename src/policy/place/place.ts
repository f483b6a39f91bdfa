/**
 * Placement: which sets of variants the slots of each class shall hold, and which slots are awake.
 * The paper's allocation problem in three steps: the best variants on the fewest slots; if they
 * cannot carry the demand, the most accuracy with all slots; if nothing can, the most queries.
 *
 * Pure: the same problem gives the same placement, whatever the machine.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import { compile, type Compiled, isWhole, type Kind } from './compile.ts'
import { bestFlows, type Flows, flowsOf, flowsOfVariants } from './flows.ts'
import { boundOf, solveModel } from './lp.ts'
import { scheduleOf } from './migration.ts'
import { nothingPlaced, onlyHeld, type Outcome, placementOf } from './outcome.ts'
import { openKinds } from './packing.ts'
import { place as params } from './params.ts'
import { hasPeak, shortOf } from './peak.ts'
import { allServed, check, type Checked, planFor } from './plans.ts'
import type { Placement, Problem } from './problem.ts'
import { build, type Goal } from './program.ts'
import { isSame, setsOf } from './sets.ts'
import { sparesOf } from './spares.ts'

/** What each step is given. */
interface Asked {
  compiled: Compiled
  flows: Flows
  /** Kinds that may be chosen anew, and those that slots hold: as told, and as far as they count. */
  open: Kind[]
  known: Kind[]
  held: Kind[]
}

const ACCURACY: Goal = { name: 'accuracy' }
/** Share of the peak that may be left out: less is no better plan. */
const MISSING = 1e-3
/** Least weight and fair level of a pipeline that can be served at all. */
const LEAST_LEVEL = 1e-3

/** Never throws for want of capacity; RangeError for pipelines that share a name. */
export function place(problem: Problem): Placement {
  let compiled = compile(problem)
  let flows = flowsOf(compiled)
  const late = flows.flows.length === 0
  if (late) {
    compiled = compile(problem, late)
    flows = flowsOf(compiled)
  }
  const open = openKinds(compiled)
  if (flows.flows.length === 0 || open.length === 0) return nothingPlaced(compiled)
  const known = knownKinds(compiled, problem)
  const held = heldKinds(compiled, known)
  const asked = { compiled, flows, open, known, held }
  const outcome = allCarried(asked) ?? overload(asked)
  if (outcome === null) return nothingPlaced(compiled)
  const { checked } = outcome
  const standby = outcome.standby ?? sparesOf(compiled, checked, known)
  const schedule = scheduleOf(compiled, flows, held, [...checked.kinds, ...standby])
  const placement = placementOf(compiled, { ...outcome, standby }, schedule)
  return late ? onlyHeld(compiled, placement) : placement
}

/** What slots hold now, as told, less what their class is not able to run. */
function knownKinds({ shapes, classes }: Compiled, { holding = [] }: Problem): Kind[] {
  return classes.flatMap((one) =>
    holding.filter((held) => held.class === one.given.name).flatMap(({ sets }) => sets)
      .map(({ variants, slots }) => ({
        class: one,
        variants: variants.map(shapes.find).filter((variant) => variant !== undefined)
          .filter((variant) => one.able.includes(variant)),
        slots: Math.max(0, Math.floor(slots) || 0),
      })).filter(({ variants }) => variants.length > 0)
  )
}

/** The same sets together, on no more slots than their class still has. */
function heldKinds({ classes }: Compiled, known: readonly Kind[]): Kind[] {
  return classes.flatMap((one) => {
    let left = one.slots
    return setsOf(one, known).flatMap(({ variants, slots }): Kind[] => {
      const count = Math.min(slots, left)
      if (count === 0 || one.holds === 'one' && variants.length > 1) return []
      left -= count
      return [{ class: one, variants, slots: count }]
    })
  })
}

/**
 * All that is asked for: by the best variants on few slots where that does no worse, the moment of more
 * demand and the moves there counted, than what all slots together do. It may do a little worse, as
 * far as slots can rest: else a pool that is nearly full changes half of what it holds, and back, as
 * demand comes and goes.
 */
function allCarried(asked: Asked): Outcome | null {
  const { compiled, flows } = asked
  const few = fewest(asked)
  if (few === null || !hasPeak(compiled)) return few ?? accurate(asked)
  const together = check(compiled, flows, ACCURACY, [...few.checked.kinds, ...few.standby ?? []])
  const all = accurate(asked)
  if (all === null || together === null) return few
  const resting = 1 - few.checked.slots / compiled.slots
  return together.score >= all.checked.score - params.hysteresis * resting ? few : all
}

/** The flows of the most accurate variants that fit the time; null where a pipeline has none. */
export function mostAccurate(compiled: Compiled, flows: Flows): Flows | null {
  const used = new Set<VariantShape>()
  for (const demand of compiled.demands.keys()) {
    const best = bestFlows(flows, demand, ({ gain }) => gain, 1e-12)
    if (best === undefined) return null
    for (const { steps } of best) for (const { variant } of steps) used.add(variant)
  }
  return flowsOfVariants(flows, used)
}

/**
 * The better of a new plan and of what is held, which stays where it is less good by no more than this.
 *
 * @param worthOf a plan that may be chosen; -Infinity for one that does not do
 * @param most how much less than the new plan what is held may be worth, to stay
 */
function chosen(
  { compiled, open, held }: Asked,
  flows: Flows,
  goal: Goal,
  worthOf: (one: Checked) => number,
  most: (fresh: Checked | null) => number,
): { checked: Checked; kept: boolean; bound: number } | null {
  const { best: fresh, bound } = planFor(compiled, flows, goal, open)
  const stays = held.length > 0 ? planFor(compiled, flows, goal, held).best : null
  const worth = (one: Checked | null) => one === null ? -Infinity : worthOf(one)
  const [anew, before] = [worth(fresh), worth(stays)]
  if (Math.max(anew, before) === -Infinity) return null
  const kept = before >= anew - most(fresh)
  return { checked: kept ? stays! : fresh!, kept, bound }
}

function fewest(asked: Asked): Outcome | null {
  const { compiled, flows, known } = asked
  const best = mostAccurate(compiled, flows)
  if (best === null) return null
  const found = chosen(
    asked,
    best,
    { name: 'slots' },
    (one) => allServed(one) ? -one.slots : -Infinity,
    (fresh) => params.hysteresis * (fresh?.slots ?? 0),
  )
  if (found === null) return null
  const { checked, kept, bound } = found
  // The best variants on few slots, but nothing for a moment of more demand: then quick ones, too.
  const standby = sparesOf(compiled, checked, known)
  if (shortOf(compiled, [...checked.kinds, ...standby]) > MISSING) return null
  const slotsBound = Math.ceil(-bound * compiled.slots - 1e-6)
  return { mode: 'hardware', checked, standby, bound: NaN, slotsBound, kept }
}

function accurate(asked: Asked): Outcome | null {
  const { compiled, flows, held } = asked
  const found = chosen(
    asked,
    flows,
    ACCURACY,
    (one) => allServed(one) ? one.score : -Infinity,
    (fresh) => MISSING + (fresh === null ? 0 : priceOfSets(fresh.kinds, held)),
  )
  if (found === null) return null
  const bound = (found.bound - params.served) * compiled.totalPerS
  return { mode: 'accuracy', checked: found.checked, bound, slotsBound: 0, kept: found.kept }
}

/** What it costs that slots with several variants change for these sets; the program counts the others. */
function priceOfSets(kinds: readonly Kind[], held: readonly Kind[]): number {
  const several = (some: readonly Kind[]) => some.filter((kind) => !isWhole(kind))
  let moves = 0
  for (const one of new Set(kinds.map((kind) => kind.class))) {
    const before = setsOf(one, several(held))
    for (const set of setsOf(one, several(kinds))) {
      const same = before.find((other) => isSame(set.variants, other.variants))
      moves += Math.max(0, set.slots - (same?.slots ?? 0))
    }
  }
  return params.movePrice * moves
}

/**
 * The most queries, where nothing carries all. Chosen by a share of what slots can do, told by all of
 * it: a pipeline whose stations just carry its demand gets as much less through them as items wait, and
 * those of others are full anyhow, so quicker variants are to be held until all have some slack.
 */
function overload(asked: Asked): Outcome | null {
  const { compiled, flows, open } = asked
  const capped = { ...compiled, cap: params.saturatedCap }
  const goal = fairGoal(capped, flows, open)
  const least = params.hysteresis * params.served
  const found = chosen(
    { ...asked, compiled: capped },
    flows,
    goal,
    ({ score }) => score,
    () => least,
  )
  if (found === null) return null
  const whole = fairGoal(compiled, flows, open)
  // A plan is not lost because nothing is left to reckon it anew with.
  const checked = check(compiled, flows, whole, found.checked.kinds) ?? found.checked
  const { model } = build({ compiled, flows, kinds: open, goal: whole })
  const bound = boundOf(solveModel(model, compiled.effort, { relaxed: true }))
  return {
    mode: 'saturated',
    checked,
    bound: bound / params.served * compiled.totalPerS,
    slotsBound: 0,
    kept: found.kept,
  }
}

const fairGoal = (compiled: Compiled, flows: Flows, kinds: readonly Kind[]): Goal => ({
  name: 'saturated',
  levels: fairLevels(compiled, flows, kinds),
})

/**
 * Share of its demand that each pipeline gets, as if slots could be divided; 0 where no path fits. Fair
 * is max-min of the served share by weight: all pipelines are filled at the pace of their weights until
 * each is full or the pool is.
 */
export function fairLevels(compiled: Compiled, flows: Flows, kinds: readonly Kind[]): number[] {
  const { demands, effort } = compiled
  const reachable = new Set(flows.flows.filter(({ from }) => from < 0).map(({ demand }) => demand))
  const weights = demands.map(({ pipeline }) => Math.max(pipeline.weight, LEAST_LEVEL))
  let levels = demands.map(() => 0)
  for (let turn = 0; turn < demands.length; turn++) {
    const open = demands.flatMap((_, p) => levels[p]! < 1 && reachable.has(p) ? [weights[p]!] : [])
    if (open.length === 0) break
    // Where the heaviest of those still open would be full.
    const next = demands.map((_, p) =>
      reachable.has(p) ? Math.min(1, weights[p]! / Math.max(...open)) : 0
    )
    const rise = next.map((level, p) => level - levels[p]!)
    const { model, levelColumn, levelRows } = build({
      compiled,
      flows,
      kinds,
      goal: { name: 'saturated', levels: rise },
    })
    model.columns.forEach((column, i) => column.objective = i === levelColumn ? 1 : 0)
    // A hair below what was reached, so that rounding does not make it unreachable.
    levelRows.forEach((row, p) => model.rows[row]!.max = -levels[p]! * (1 - 1e-6))
    const solved = solveModel(model, effort, { relaxed: true })
    const filled = solved.status === 'optimal' ? solved.objective : 0
    levels = levels.map((level, p) => level + rise[p]! * filled)
    if (filled < 1 - 1e-6) break
  }
  return levels.map((level, p) => reachable.has(p) ? Math.max(level, LEAST_LEVEL) : 0)
}

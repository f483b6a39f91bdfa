/**
 * Placement: which sets of variants the slots of each class shall hold.
 * The paper's allocation problem in two steps: the most accuracy that carries the demand; if nothing
 * carries it, the most queries. How many nodes are awake is decided elsewhere (`use`).
 *
 * Pure: the same problem gives the same placement, whatever the machine.
 *
 * @module
 */
import { compile, type Compiled, isWhole, type Kind } from './compile.ts'
import { type Flows, flowsOf } from './flows.ts'
import { boundOf, solveModel } from './lp.ts'
import { scheduleOf } from './migration.ts'
import { nothingPlaced, onlyHeld, type Outcome, placementOf } from './outcome.ts'
import { openKinds } from './packing.ts'
import { place as params } from './params.ts'
import { allServed, type Checked, planFor } from './plans.ts'
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
/** Worth by which a plan has to be better for anything to change. */
const LEAST_GAIN = 1e-3
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
  const outcome = accurate(asked) ?? overload(asked)
  if (outcome === null) return nothingPlaced(compiled)
  const standby = sparesOf(compiled, outcome.checked, known)
  const schedule = scheduleOf(compiled, flows, held, [...outcome.checked.kinds, ...standby])
  const placement = placementOf(compiled, outcome, standby, schedule)
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
 * The better of a new plan and of what is held, which stays where it is less good by no more than this.
 *
 * @param worthOf a plan that may be chosen; -Infinity for one that does not do
 * @param most how much less than the new plan what is held may be worth, to stay
 */
function chosen(
  { compiled, flows, open, held }: Asked,
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

/** All that is asked for, with the most accuracy. */
function accurate(asked: Asked): Outcome | null {
  const { compiled, held } = asked
  const found = chosen(
    asked,
    ACCURACY,
    (one) => allServed(one) ? one.score : -Infinity,
    (fresh) => LEAST_GAIN + (fresh === null ? 0 : priceOfSets(fresh.kinds, held)),
  )
  if (found === null) return null
  const bound = (found.bound - params.served) * compiled.totalPerS
  return { mode: 'accuracy', checked: found.checked, bound, kept: found.kept }
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

/** The most queries, where nothing carries all. */
function overload(asked: Asked): Outcome | null {
  const { compiled, flows, open } = asked
  const goal: Goal = { name: 'saturated', levels: fairLevels(compiled, flows, open) }
  const least = params.hysteresis * params.served
  const found = chosen(asked, goal, ({ score }) => score, () => least)
  if (found === null) return null
  const { model } = build({ compiled, flows, kinds: open, goal })
  const bound = boundOf(solveModel(model, compiled.effort, { relaxed: true }))
  return {
    mode: 'saturated',
    checked: found.checked,
    bound: bound / params.served * compiled.totalPerS,
    kept: found.kept,
  }
}

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

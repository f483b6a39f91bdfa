/**
 * Placement: which sets of variants the slots of each class should hold. It solves the paper's allocation
 * problem in two steps: the highest accuracy that carries the demand; if nothing carries it, the most
 * queries. How many nodes are awake is decided elsewhere (`use`).
 *
 * It is pure: the same problem gives the same placement on every machine.
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

/** Input of each step. */
interface Input {
  compiled: Compiled
  flows: Flows
  /** Kinds that may be chosen; held kinds as reported; held kinds within the slots of their class. */
  open: Kind[]
  known: Kind[]
  held: Kind[]
}

const ACCURACY: Goal = { name: 'accuracy' }
/** Least gain in objective for which a plan changes anything. */
const LEAST_GAIN = 1e-3
/** Least weight of a pipeline, and least fair level of one that can be served. */
const LEAST_LEVEL = 1e-3

/** Computes a placement. Never throws for lack of capacity; RangeError if pipelines share a name. */
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
  const input = { compiled, flows, open, known, held }
  const outcome = accurate(input) ?? overload(input)
  if (outcome === null) return nothingPlaced(compiled)
  const standby = sparesOf(compiled, outcome.checked, known)
  const schedule = scheduleOf(compiled, flows, held, [...outcome.checked.kinds, ...standby])
  const placement = placementOf(compiled, outcome, standby, schedule)
  return late ? onlyHeld(compiled, placement) : placement
}

/** Held sets as reported, without variants that their class cannot run. */
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

/** The held sets merged, on no more slots than their class has now. */
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
 * The better of a new plan and the held sets; these stay if they are worse by no more than `most`.
 *
 * @param worthOf value of a plan; -Infinity if it is not acceptable
 * @param most how much less than the new plan the held sets may be worth and still stay
 */
function chosen(
  { compiled, flows, open, held }: Input,
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

/** The most accurate plan that serves all demand; null if there is none. */
function accurate(input: Input): Outcome | null {
  const { compiled, held } = input
  const found = chosen(
    input,
    ACCURACY,
    (one) => allServed(one) ? one.score : -Infinity,
    (fresh) => LEAST_GAIN + (fresh === null ? 0 : priceOfSets(fresh.kinds, held)),
  )
  if (found === null) return null
  const bound = (found.bound - params.served) * compiled.totalPerS
  return { mode: 'accuracy', checked: found.checked, bound, kept: found.kept }
}

/** Price of changing slots with several variants to these sets; the program prices whole slots. */
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

/** The plan that serves most queries, if none serves all. */
function overload(input: Input): Outcome | null {
  const { compiled, flows, open } = input
  const goal: Goal = { name: 'saturated', levels: fairLevels(compiled, flows, open) }
  const least = params.hysteresis * params.served
  const found = chosen(input, goal, ({ score }) => score, () => least)
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
 * Fair share of its demand for each pipeline, as if slots were divisible; 0 if no path fits. Fair means
 * max-min of the served share by weight: all pipelines fill at the pace of their weights until each is
 * full or the pool is.
 */
export function fairLevels(compiled: Compiled, flows: Flows, kinds: readonly Kind[]): number[] {
  const { demands, effort } = compiled
  const reachable = new Set(flows.flows.filter(({ from }) => from < 0).map(({ demand }) => demand))
  const weights = demands.map(({ pipeline }) => Math.max(pipeline.weight, LEAST_LEVEL))
  let levels = demands.map(() => 0)
  for (let turn = 0; turn < demands.length; turn++) {
    const open = demands.flatMap((_, p) => levels[p]! < 1 && reachable.has(p) ? [weights[p]!] : [])
    if (open.length === 0) break
    // The level at which the open pipeline of greatest weight would be full.
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
    // Slightly below the level reached, so that rounding does not make it infeasible.
    levelRows.forEach((row, p) => model.rows[row]!.max = -levels[p]! * (1 - 1e-6))
    const solved = solveModel(model, effort, { relaxed: true })
    const filled = solved.status === 'optimal' ? solved.objective : 0
    levels = levels.map((level, p) => level + rise[p]! * filled)
    if (filled < 1 - 1e-6) break
  }
  return levels.map((level, p) => reachable.has(p) ? Math.max(level, LEAST_LEVEL) : 0)
}

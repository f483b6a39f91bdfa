/**
 * Moments of more demand: what placement has to carry somehow, beside the demand that it carries
 * well. Demand jumps faster than a slot can load, so what is held must be quick enough together for
 * what may come before the next plan is in place. A slot or two with quick variants do it: that costs
 * less than planning all slots for a demand that is seldom there. How well a moment is served counts
 * by how often it comes.
 *
 *   for each moment, and each pipeline: short + flow of the root's variants = 1
 *   for each prefix of a path, and task below: flow of its continuations = its own
 *   for each variant: items of its flows <= what its slots can do
 *   least of: short; then most of: accuracy
 *
 * @module
 */
import type { Prefix, TaskShape, VariantShape } from '../shape.ts'
import { type Given, type Goal, isWhole, type Kind, type Share } from './given.ts'
import { branchShares, type Compiled, type Demand, paceWithin } from './compile.ts'
import { type Counted, solveModel } from './lp.ts'
import { addColumn, addRow, type Model, newModel } from './model.ts'

/** A query that a moment's slots cannot serve weighs as much as the accuracy of so many. */
const SHORT = 10
/** Beginnings of paths that one pipeline brings into a moment, at most. */
const MOST_PREFIXES = 120

/** Whether a program with this goal has rows of moments. */
export const hasMoments = (compiled: Compiled, goal: Goal): boolean =>
  goal.name === 'accuracy' && momentCount(compiled) > 0

const momentCount = ({ demands }: Compiled): number =>
  demands.reduce((most, { pipeline: { moments = [] } }) => Math.max(most, moments.length), 0)

/** Of a moment; pipelines with fewer of them have the demand that is usual. */
function momentOf({ pipeline: { moments = [] }, ratePerS }: Demand, at: number) {
  const { ratePerS: most, often } = moments[at] ?? { ratePerS, often: moments.at(-1)?.often ?? 0 }
  return { ratePerS: Math.max(most, ratePerS), often }
}

/** Where one item more of a variant is counted, and how much of a row it fills. */
interface Filled {
  row: number
  unit: number
  limitMs: number
}

/**
 * Adds the rows of all moments to a program. Returns the columns of what falls short in each.
 *
 * @param supplied the slots' time in the program, where it gives whole slots to variants
 */
export function addMoments(
  given: Pick<Given, 'compiled' | 'kinds' | 'goal'>,
  model: Model,
  supplied?: { shares: readonly Share[]; awakeColumns: readonly number[] },
): number[] {
  const { compiled, goal } = given
  if (!hasMoments(compiled, goal)) return []
  const shorts: number[] = []
  for (let at = 0; at < momentCount(compiled); at++) {
    const filled = new Map<VariantShape, Filled>()
    for (const demand of compiled.demands) {
      const { ratePerS, often } = momentOf(demand, at)
      const row = addRow(model, { min: 1, max: 1 })
      addFlows(compiled, demand, { ratePerS, often, row, filled }, model)
      shorts.push(
        addColumn(model, [[row, 1]], { upper: 1, objective: -SHORT * often * demand.part }),
      )
    }
    addSlots(given, model, filled, supplied)
  }
  return shorts
}

function addFlows(
  compiled: Compiled,
  { pipeline, part, best, starts, budgetMs }: Demand,
  { ratePerS, often, row, filled }: {
    ratePerS: number
    often: number
    row: number
    filled: Map<VariantShape, Filled>
  },
  model: Model,
): void {
  const { root } = compiled.shapes.pipelines.get(pipeline.name)!
  const chosen = chosenOf(compiled, root)
  // In a rush batches are what an even share of the time allows.
  const limitMs = budgetMs / depthOf(root)

  const add = (prefix: Prefix, into: number, items: number, weight: number) => {
    const { variant } = prefix
    if (!chosen.has(variant)) return
    let own = filled.get(variant)
    if (own === undefined) {
      own = { row: addRow(model, { max: 0 }), unit: 1 / (ratePerS * items), limitMs }
      filled.set(variant, own)
    }
    const entries: [number, number][] = [[into, 1], [own.row, items * ratePerS * own.unit]]
    const leaf = prefix.next.length === 0
    const shares = leaf ? [] : branchShares(prefix)
    const rows = prefix.next.map(() => addRow(model, { min: 0, max: 0 }))
    for (const next of rows) entries.push([next, -1])
    const objective = leaf ? often * part * weight * prefix.accuracy / best : 0
    addColumn(model, entries, { objective })
    prefix.next.forEach((branch, child) => {
      const count = items * variant.fanOut[child]!
      for (const next of branch) add(next, rows[child]!, count, weight * shares[child]!)
    })
  }
  for (const start of starts) add(start, row, 1, 1)
}

const depthOf = (task: TaskShape): number =>
  1 + task.next.reduce((most, child) => Math.max(most, depthOf(child)), 0)

/** All variants, or where that is too much the quickest of each task and others spread over the rest. */
function chosenOf({ shapes, classes }: Compiled, root: TaskShape): ReadonlySet<VariantShape> {
  const { tasks } = shapes.pipelines.get(root.pipeline.name)!
  const rate = ({ index }: VariantShape) =>
    classes.reduce((sum, one) => sum + one.slots * (one.paces[index]!.at(-1)?.ratePerS ?? 0), 0)
  const usable = tasks.map((task) =>
    task.variants.filter((variant) => rate(variant) > 0)
      .sort((a, b) => rate(b) - rate(a) || a.index - b.index)
  )
  for (let most = 99;; most--) {
    const kept = usable.map((all) => {
      if (all.length <= most) return all
      const step = (all.length - 1) / Math.max(1, most - 1)
      return Array.from({ length: most }, (_, i) => all[Math.round(i * step)]!)
    })
    const counts = new Map(tasks.map((task, i) => [task, kept[i]!.length]))
    const count = (task: TaskShape): number =>
      counts.get(task)! * (1 + task.next.reduce((sum, child) => sum + count(child), 0))
    if (most <= 1 || count(root) <= MOST_PREFIXES) return new Set(kept.flat())
  }
}

/** What slots of each kind do for the variants in a moment. */
function addSlots(
  { kinds }: Pick<Given, 'kinds'>,
  model: Model,
  filled: ReadonlyMap<VariantShape, Filled>,
  supplied?: { shares: readonly Share[]; awakeColumns: readonly number[] },
): void {
  const worthOf = (k: number, variant: VariantShape) => {
    const { unit, limitMs } = filled.get(variant)!
    const paces = kinds[k]!.class.paces[variant.index]!
    return (paceWithin(paces, limitMs) ?? paces[0])!.ratePerS * unit
  }
  for (const { column, kind, variant } of supplied?.shares ?? []) {
    if (!isWhole(kinds[kind]!) || !filled.has(variant)) continue
    const own = model.columns[column]!
    own.rows.push(filled.get(variant)!.row)
    own.coefficients.push(-worthOf(kind, variant))
  }
  // Slots with several variants give their time as the moment needs it.
  kinds.forEach((kind, k) => {
    if (isWhole(kind) && supplied !== undefined) return
    const awake = supplied?.awakeColumns[k] ?? -1
    const row = addRow(model, { max: awake < 0 ? kind.slots : 0 })
    if (awake >= 0) {
      model.columns[awake]!.rows.push(row)
      model.columns[awake]!.coefficients.push(-1)
    }
    for (const variant of kind.variants) {
      const into = filled.get(variant)
      if (into !== undefined) addColumn(model, [[row, 1], [into.row, -worthOf(k, variant)]])
    }
  })
}

/** Share of all queries that these slots do not carry: of each moment's by how often it comes. */
export function shortOf(compiled: Compiled, kinds: readonly Kind[], counted: Counted): number {
  const model = newModel()
  const shorts = addMoments({ compiled, kinds, goal: { name: 'accuracy' } }, model)
  if (shorts.length === 0) return 0
  const solved = solveModel(model, counted)
  if (solved.status !== 'optimal') return 1
  return shorts.reduce(
    (sum, column) => sum - model.columns[column]!.objective / SHORT * solved.values[column]!,
    0,
  )
}

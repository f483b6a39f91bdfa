/**
 * The peak: what placement has to carry somehow, beside what it carries well. Demand jumps faster
 * than a slot can load, so what is held must be quick enough together for the highest demand that is
 * to be expected. A few slots with quick variants do it, which only late items use: that costs less than
 * planning all slots for a demand that is seldom there.
 *
 *   for each pipeline: short + flow of the root's variants = 1 (of the peak)
 *   for each task below: flow of its variants = what the variants before it hand on
 *   for each variant: its flow <= what its slots can do
 *   least of: short; then most of: accuracy
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../shape.ts'
import { type Given, type Goal, isWhole, type Kind, type Share } from './given.ts'
import { type Compiled, type Demand, paceWithin } from './compile.ts'
import { type Counted, solveModel } from './lp.ts'
import { addColumn, addRow, type Model, newModel } from './model.ts'

/** What falls short of the peak, against 1 for the accuracy of everything. */
const SHORT = 5
/** What the accuracy of the peak counts, likewise: it is there for a part of the time. */
const BY_CHANCE = 0.1
const IN_SURGES = 0.3
/**
 * Slots with one variant may take so much longer for a batch at the peak: the queue is one for all of
 * them, so a query waits for the first that comes free, which is less than the half that is kept.
 */
const LONGER = 1.2

/** Whether a program with this goal has rows of a peak. */
export const hasPeak = ({ demands }: Compiled, goal: Goal): boolean =>
  goal.name === 'accuracy' &&
  demands.some(({ pipeline, ratePerS }) => (pipeline.peakPerS ?? 0) > ratePerS)

/** How many slots of an open kind hold a variant. */
export interface Chosen {
  column: number
  kind: Kind
  variant: VariantShape
}

/**
 * Adds the rows of the peak to a program, for pipelines that have one. Returns the columns of what
 * falls short of it, and those of what slots of open kinds hold.
 */
export function addPeak(
  { compiled, kinds, goal }: Pick<Given, 'compiled' | 'kinds' | 'goal'>,
  model: Model,
  supplied?: { shares: readonly Share[]; awakeColumns: readonly number[] },
): { shorts: number[]; chosen: Chosen[] } {
  const chosen: Chosen[] = []
  const shorts: number[] = []
  if (!hasPeak(compiled, goal)) return { shorts, chosen }
  /** For each variant the row that its slots fill, and how much one item a second fills of it. */
  const filled = new Map<VariantShape, { row: number; unit: number; limitMs: number }>()
  for (const { pipeline, ratePerS, part, budgetMs } of compiled.demands) {
    const peakPerS = pipeline.peakPerS ?? 0
    if (!(peakPerS > ratePerS)) continue
    const { root } = compiled.shapes.pipelines.get(pipeline.name)!
    const limitMs = budgetMs / depthOf(root)
    const often = pipeline.surges === true ? IN_SURGES : BY_CHANCE
    const rootRow = rowsOf(root, 1 / peakPerS, limitMs, often * part)
    model.rows[rootRow] = { min: 1, max: 1 }
    shorts.push(addColumn(model, [[rootRow, 1]], { upper: 1, objective: -SHORT * part }))
  }

  /** Row of a task: what its variants do, less what is handed to it, is 0. */
  function rowsOf(task: TaskShape, unit: number, limitMs: number, worth: number): number {
    const row = addRow(model, { min: 0, max: 0 })
    const after = task.next.map((child) => {
      const most = Math.max(...task.variants.map(({ fanOut }) => fanOut[task.next.indexOf(child)]!))
      return rowsOf(child, unit, limitMs, worth / Math.max(most, 1e-6))
    })
    for (const variant of task.variants) {
      const own = addRow(model, { max: 0 })
      filled.set(variant, { row: own, unit, limitMs })
      const handed = after.map((next, child) => [next, -variant.fanOut[child]!] as const)
      addColumn(model, [[row, 1], [own, 1], ...handed], { objective: worth * variant.accuracy })
    }
    return row
  }

  const worthOf = (k: number, variant: VariantShape) => {
    const { unit, limitMs } = filled.get(variant)!
    const paces = kinds[k]!.class.paces[variant.index]!
    const mostMs = isWhole(kinds[k]!) ? LONGER * limitMs : limitMs
    return (paceWithin(paces, mostMs) ?? paces[0])!.ratePerS * unit
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
      if (into === undefined) continue
      const integer = kind.open === true && isWhole(kind)
      const column = addColumn(model, [[row, 1], [into.row, -worthOf(k, variant)]], { integer })
      chosen.push({ column, kind, variant })
    }
  })
  return { shorts, chosen }
}

/** Share of the peak that these slots do not carry, over all pipelines; 0 where none has a peak. */
export function shortOf(compiled: Compiled, kinds: readonly Kind[], counted: Counted): number {
  const model = newModel()
  const { shorts } = addPeak({ compiled, kinds, goal: { name: 'accuracy' } }, model)
  if (shorts.length === 0) return 0
  const solved = solveModel(model, counted)
  if (solved.status !== 'optimal') return 1
  return shorts.reduce((sum, column) => sum + solved.values[column]!, 0) / shorts.length
}

/** The same with these peaks. */
export const withPeak = (compiled: Compiled, peakPerS: (demand: Demand) => number): Compiled => ({
  ...compiled,
  demands: compiled.demands.map((demand) => ({
    ...demand,
    pipeline: { ...demand.pipeline, peakPerS: peakPerS(demand) },
  })),
})

const depthOf = (task: TaskShape): number =>
  1 + task.next.reduce((most, child) => Math.max(most, depthOf(child)), 0)

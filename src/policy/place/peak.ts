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
import type { TaskShape, VariantShape } from '../core/graph.ts'
import { longestPath } from './allowances.ts'
import { type Compiled, type Demand, isWhole, type Kind, paceWithin } from './compile.ts'
import { addColumn, addEntry, addRow, type Model } from './model.ts'
import { place } from './params.ts'
import type { Share } from './flows.ts'

export const hasPeak = ({ demands }: Compiled): boolean =>
  demands.some(({ pipeline, ratePerS }) => (pipeline.peakPerS ?? 0) > ratePerS)

/** How many slots of an open kind hold a variant. */
export interface Chosen {
  column: number
  kind: Kind
  variant: VariantShape
}

/** Of a variant: the row that its slots fill, and how much of it an item a second fills. */
interface Filled {
  row: number
  unit: number
  limitMs: number
}

/**
 * Adds the rows of the peak to a program, for pipelines that have one.
 *
 * @param supplied columns that the program has of the slots' time; none in one of the peak alone
 */
export function addPeak(
  compiled: Compiled,
  kinds: readonly Kind[],
  model: Model,
  supplied?: { shares: readonly Share[]; awakeColumns: readonly number[] },
): Chosen[] {
  const chosen: Chosen[] = []
  if (!hasPeak(compiled)) return chosen
  const filled = addPeakDemand(compiled, model)
  for (const { column, kind: k, variant } of supplied?.shares ?? []) {
    const [kind, into] = [kinds[k]!, filled.get(variant)]
    if (!isWhole(kind) || into === undefined) continue
    addEntry(model, column, into.row, -worthOf(kind, variant, into))
  }
  // Slots with several variants give their time as the moment needs it.
  kinds.forEach((kind, k) => {
    if (isWhole(kind) && supplied !== undefined) return
    const awake = supplied?.awakeColumns[k] ?? -1
    const row = addRow(model, { max: awake < 0 ? kind.slots : 0 })
    if (awake >= 0) addEntry(model, awake, row, -1)
    for (const variant of kind.variants) {
      const into = filled.get(variant)
      if (into === undefined) continue
      const integer = kind.open === true && isWhole(kind)
      const worth = worthOf(kind, variant, into)
      const column = addColumn(model, [[row, 1], [into.row, -worth]], { integer })
      chosen.push({ column, kind, variant })
    }
  })
  return chosen
}

/** Part of the peak that a slot does with a variant. */
function worthOf(kind: Kind, { index }: VariantShape, { unit, limitMs }: Filled): number {
  const paces = kind.class.paces[index]!
  return (paceWithin(paces, limitMs) ?? paces[0])!.ratePerS * unit
}

function addPeakDemand({ demands, shapes }: Compiled, model: Model) {
  const filled = new Map<VariantShape, Filled>()

  /** Returns the row of a task: what its variants do, less what is handed to it, is 0. */
  function addTask(task: TaskShape, unit: number, limitMs: number, worth: number): number {
    const row = addRow(model, { min: 0, max: 0 })
    const after = task.next.map((child, i) => {
      const most = Math.max(...task.variants.map(({ fanOut }) => fanOut[i]!))
      return addTask(child, unit, limitMs, worth / Math.max(most, 1e-6))
    })
    for (const variant of task.variants) {
      const own = addRow(model, { max: 0 })
      filled.set(variant, { row: own, unit, limitMs })
      const handed = after.map((next, child) => [next, -variant.fanOut[child]!] as const)
      addColumn(model, [[row, 1], [own, 1], ...handed], { objective: worth * variant.accuracy })
    }
    return row
  }

  for (const { pipeline, ratePerS, part, budgetMs } of demands) {
    const { peakPerS = 0, surges = false } = pipeline
    if (!(peakPerS > ratePerS)) continue
    const { root } = shapes.pipelines.get(pipeline.name)!
    const worth = (surges ? place.surgeAccuracy : place.peakAccuracy) * part
    const rootRow = addTask(root, 1 / peakPerS, budgetMs / longestPath(root), worth)
    model.rows[rootRow] = { min: 1, max: 1 }
    const objective = -place.peakShort * part
    addColumn(model, [[rootRow, 1]], { upper: 1, objective })
  }
  return filled
}

/** The same with these peaks. */
export const withPeak = (compiled: Compiled, peakPerS: (demand: Demand) => number): Compiled => ({
  ...compiled,
  demands: compiled.demands.map((demand) => ({
    ...demand,
    pipeline: { ...demand.pipeline, peakPerS: peakPerS(demand) },
  })),
})

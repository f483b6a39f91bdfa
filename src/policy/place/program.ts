/**
 * The program of placement: time of slots on one side, flows of root queries on the other.
 *
 *   for each pipeline: sum of its flows from the root <= 1
 *   for each junction and branch: sum of the flows into it = sum of the flows out of it
 *   for each variant and allowance: work of flows within it <= what slots do within it
 *   for each kind of slots: sum of the time that its variants get <= its slots
 *
 *   for each class and variant: slots with it - added <= slots that hold it now (moves)
 *
 * and the rows of the peak and of floors.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import { type ClassShape, type Compiled, demandOf, isWhole, type Kind } from './compile.ts'
import { addFloors } from './floors.ts'
import type { Flow, Flows, Share } from './flows.ts'
import { addColumn, addEntry, addRow, type Model, newModel } from './model.ts'
import { place } from './params.ts'
import { addPeak } from './peak.ts'

export type Goal =
  /** Everything is served if it can be, then the most accuracy. */
  | { name: 'accuracy' }
  /** Every pipeline gets the same part of its fair level, then most queries, then accuracy. */
  | { name: 'saturated'; levels: readonly number[] }

export interface Given {
  compiled: Compiled
  flows: Flows
  kinds: readonly Kind[]
  goal: Goal
  /** Demand to plan for, against what there is; 1 where absent. */
  inflate?: number
  /** Without the rows of the peak, of floors and of moves: what serving the demand itself comes to. */
  plain?: boolean
}

export interface Program extends Given {
  model: Model
  /** Column of each flow, by its position. */
  flowColumns: number[]
  /** When saturated: which part of its fair level each pipeline gets at least; else -1. */
  levelColumn: number
  levelRows: number[]
  shares: Share[]
  /** Column of how many slots of a kind are awake, where that is open; else -1. */
  awakeColumns: number[]
}

/** Unit of a goal's objective. */
export const scaleOf = (goal: Goal) => goal.name === 'saturated' ? place.served : 1

export function build(given: Given): Program {
  const { compiled, flows: { flows, junctions }, goal } = given
  const model = newModel()
  const rootRows = compiled.demands.map(() => addRow(model, { max: 1 }))
  const levels = goal.name === 'saturated' ? goal.levels : []
  const levelRows = levels.map(() => addRow(model, { max: 0 }))
  const junctionRows = junctions.map((branches) =>
    Array.from({ length: branches }, () => addRow(model, { min: 0, max: 0 }))
  )
  const work = workRows(flows, model)
  const flowColumns = flows.map((flow) => {
    const { demand, from, branch, to, steps } = flow
    const entries: [number, number][] = [
      [from < 0 ? rootRows[demand]! : junctionRows[from]![branch]!, 1],
    ]
    if (to >= 0) { for (const row of junctionRows[to]!) entries.push([row, -1]) }
    if (from < 0 && levelRows.length > 0) entries.push([levelRows[demand]!, -1])
    for (const { variant, allowance, items } of steps) {
      const { rows, most } = work.get(variant)!
      for (const [least, row] of rows) {
        if (allowance <= least) entries.push([row, items / most])
      }
    }
    return addColumn(model, entries, { objective: rewardOf(flow, given) })
  })
  const leastLevel = Math.min(1, ...levels.filter((level) => level > 0))
  const levelColumn = goal.name === 'saturated'
    ? addColumn(model, levelRows.map((row, p) => [row, levels[p]!] as const), {
      objective: place.served * place.levelReward * leastLevel,
      upper: 1,
    })
    : -1
  const program = {
    ...given,
    model,
    flowColumns,
    levelColumn,
    levelRows,
    ...supply(given, model, work),
  }
  if (goal.name === 'accuracy' && given.plain !== true) {
    addPeak(compiled, program.kinds, model, program)
    addFloors(program)
    addMoves(program)
  }
  return program
}

function rewardOf({ demand, from, gain }: Flow, { compiled, goal }: Given): number {
  const { part, need, best } = compiled.demands[demand]!
  const served = from < 0 ? part : 0
  const accurate = part * gain / best
  if (goal.name === 'accuracy') return place.served * (from < 0 ? need : 0) + accurate
  return place.served *
    (place.queryReward * served + (1 - place.levelReward - place.queryReward) * accurate)
}

interface Work {
  /** Allowances in use, rising, each with the row of all work within it. */
  rows: [allowance: number, row: number][]
  /** Most items per root query; the unit of its rows is this for all of the demand. */
  most: number
}

/** A slot within a short allowance serves longer ones too, so each row sums up to its allowance. */
function workRows(flows: readonly Flow[], model: Model): Map<VariantShape, Work> {
  const used = new Map<VariantShape, { allowances: Set<number>; most: number }>()
  for (const { steps } of flows) {
    for (const { variant, allowance, items } of steps) {
      const seen = used.get(variant) ?? { allowances: new Set(), most: 0 }
      if (items > 0) seen.allowances.add(allowance)
      seen.most = Math.max(seen.most, items)
      used.set(variant, seen)
    }
  }
  const work = new Map<VariantShape, Work>()
  for (const [variant, { allowances, most }] of used) {
    const rows = [...allowances].sort((a, b) => a - b)
      .map((allowance): [number, number] => [allowance, addRow(model, { max: 0 })])
    work.set(variant, { rows, most })
  }
  return work
}

/** Columns of the time that slots give. */
function supply(given: Given, model: Model, work: ReadonlyMap<VariantShape, Work>) {
  const { kinds } = given
  const shares: Share[] = []
  const inClass = new Map<ClassShape, number>()
  for (const { class: one, open } of kinds) {
    if (open && !inClass.has(one)) inClass.set(one, addRow(model, { max: one.slots }))
  }
  const awakeColumns = kinds.map((kind, k) => {
    const isCounted = !isWhole(kind) && kind.open === true
    const row = addRow(model, { max: isCounted ? 0 : kind.slots })
    for (const variant of kind.variants) {
      const own = work.get(variant)
      if (own === undefined) continue
      shares.push(...sharesOf(given, model, { variant, kind: k, row, ...own }))
    }
    if (!isCounted) return -1
    const entries: [number, number][] = [[row, -1], [inClass.get(kind.class)!, 1]]
    return addColumn(model, entries, { integer: true, upper: kind.slots })
  })
  return { shares, awakeColumns }
}

/** Time of a kind's slots that one variant gets: a column for each allowance that is worth its time. */
function sharesOf(
  { compiled, flows: { allowances }, kinds, inflate = 1 }: Given,
  model: Model,
  { variant, kind: k, row, rows, most }: Work & {
    variant: VariantShape
    kind: number
    row: number
  },
): Share[] {
  const shares: Share[] = []
  const kind = kinds[k]!
  const whole = isWhole(kind)
  const unit = demandOf(compiled, variant).ratePerS * inflate * most
  let before = 0
  rows.forEach(([allowance], i) => {
    const pace = allowances[variant.index]![allowance]!.paces[kind.class.index]
    if (pace === undefined || pace.ratePerS <= before) return
    before = pace.ratePerS
    if (kind.allowance !== undefined && kind.allowance !== allowance) return
    const itemsPerS = pace.ratePerS
    // No slot is worth more than all the work; this tightens the program without its integers.
    const worth = whole ? Math.min(1, itemsPerS / unit) : itemsPerS / unit
    const entries: [number, number][] = [[row, 1]]
    for (const [, within] of rows.slice(i)) entries.push([within, -worth])
    const column = addColumn(model, entries, {
      integer: whole,
      // Decided: all of them, so that nothing is left to search.
      lower: kind.allowance === undefined ? 0 : kind.slots,
      upper: kind.allowance === undefined ? Infinity : kind.slots,
    })
    shares.push({ column, kind: k, variant, allowance, itemsPerS })
  })
  return shares
}

/**
 * Moves: a slot that has to change what it holds is half lost while it loads, so a plan that leaves more
 * slots as they are is better by a little. Of slots with one variant the program counts them.
 */
function addMoves({ compiled: { classes, atRisk }, kinds, model, shares }: Program): void {
  if (classes.every(({ holding }) => holding.every((slots) => slots === 0))) return
  const price = place.movePrice + place.riskPrice * atRisk
  const rows = new Map<string, number>()
  for (const { column, kind, variant } of shares) {
    if (!isWhole(kinds[kind]!)) continue
    const { index, holding } = kinds[kind]!.class
    const key = `${index} ${variant.index}`
    let row = rows.get(key)
    if (row === undefined) {
      rows.set(key, row = addRow(model, { max: holding[variant.index]! }))
      addColumn(model, [[row, -1]], { objective: -price })
    }
    addEntry(model, column, row, 1)
  }
}

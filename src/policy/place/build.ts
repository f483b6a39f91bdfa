/**
 * The program of placement: time of slots on one side, flows of root queries on the other.
 *
 * @module
 */
import type { VariantShape } from '../shape.ts'
import type { ClassShape } from './compile.ts'
import type { Flow } from './flow_walk.ts'
import { addFloors } from './floors.ts'
import { type Given, type Goal, isWhole, type Kind, type Share } from './given.ts'
import { addColumn, addRow, type Model, newModel } from './model.ts'
import { addMoves } from './moves.ts'
import { addPeak } from './peak.ts'

export { type Given, type Goal, isWhole, type Kind, type Share }

export interface Built extends Given {
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

/** Reward of serving everything, against 1 for the accuracy of everything. */
export const SERVED = 30

export function build(given: Given): Built {
  const { compiled, flows: { flows, junctions }, goal } = given
  const model = newModel()
  const rootRows = compiled.demands.map(() =>
    addRow(model, goal.name === 'slots' ? { min: 1, max: 1 } : { max: 1 })
  )
  const levelRows = goal.name === 'saturated'
    ? compiled.demands.map(() => addRow(model, { max: 0 }))
    : []
  const junctionRows = junctions.map((branches) =>
    Array.from({ length: branches }, () => addRow(model, { min: 0, max: 0 }))
  )
  const work = workRows(flows, model)
  const flowColumns = flows.map((flow) => {
    const entries: [number, number][] = []
    const { demand, from, branch, to, steps } = flow
    if (from < 0) entries.push([rootRows[demand]!, 1])
    else entries.push([junctionRows[from]![branch]!, 1])
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
  const levelColumn = goal.name === 'saturated'
    ? addColumn(model, levelRows.map((row, p) => [row, goal.levels[p]!] as const), {
      objective: SERVED * 0.9 * leastOf(goal.levels),
      upper: 1,
    })
    : -1
  const supplied = supply(given, model, work)
  if (given.plain !== true) {
    addPeak(given, model, supplied)
    addFloors(given, model, supplied.shares)
    addMoves(given, model, supplied.shares)
  }
  return { ...given, model, flowColumns, levelColumn, levelRows, ...supplied }
}

const leastOf = (levels: readonly number[]) => Math.min(1, ...levels.filter((level) => level > 0))

function rewardOf({ demand, from, gain }: Flow, { compiled, goal }: Given): number {
  const { part, need, best } = compiled.demands[demand]!
  const served = from < 0 ? part : 0
  const accurate = part * gain / best
  if (goal.name === 'slots') return 0
  if (goal.name === 'accuracy') return SERVED * (from < 0 ? need : 0) + accurate
  return SERVED * (0.09 * served + 0.01 * accurate)
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

function supply(given: Given, model: Model, work: ReadonlyMap<VariantShape, Work>) {
  const { compiled, flows: { allowances }, kinds, goal, caps, inflate = 1 } = given
  const shares: Share[] = []
  const total = compiled.classes.reduce((sum, { slots }) => sum + slots, 0)
  const shared = new Map<ClassShape, number>()
  for (const { class: one, open } of kinds) {
    if (open && !shared.has(one)) shared.set(one, addRow(model, { max: one.slots }))
  }
  const awakeColumns = kinds.map((kind, k) => {
    const whole = isWhole(kind)
    const counted = goal.name === 'slots'
    const countable = !whole && (counted || kind.open === true)
    const row = addRow(model, { max: countable ? 0 : kind.slots })
    for (const variant of kind.variants) {
      const { rows, most } = work.get(variant) ?? { rows: [], most: 0 }
      const demand = compiled.demands.find(({ pipeline }) =>
        pipeline.name === variant.ref.pipeline
      )!
      const unit = demand.ratePerS * (1 + compiled.options.headroom) * inflate * most
      let before = 0
      rows.forEach(([allowance], i) => {
        const pace = allowances.of[variant.index]![allowance]!.paces[kind.class.index]
        if (pace === undefined || pace.ratePerS <= before) return
        before = pace.ratePerS
        if (kind.allowance !== undefined && kind.allowance !== allowance) return
        const itemsPerS = pace.ratePerS * caps[variant.index]!
        // No slot is worth more than all the work; this tightens the program without its integers.
        const worth = whole ? Math.min(1, itemsPerS / unit) : itemsPerS / unit
        const entries: [number, number][] = [[row, 1]]
        for (const [, within] of rows.slice(i)) entries.push([within, -worth])
        const column = addColumn(model, entries, {
          integer: whole,
          // Decided: all of them, so that nothing is left to search.
          lower: kind.allowance === undefined ? 0 : kind.slots,
          upper: kind.allowance === undefined ? Infinity : kind.slots,
          objective: counted && whole ? -1 / total : 0,
        })
        shares.push({ column, kind: k, variant, allowance, itemsPerS })
      })
    }
    if (!countable) return -1
    const inClass: [number, number][] = kind.open ? [[shared.get(kind.class)!, 1]] : []
    return addColumn(model, [[row, -1], ...inClass], {
      integer: true,
      upper: kind.slots,
      objective: counted ? -1 / total : 0,
    })
  })
  return { shares, awakeColumns }
}

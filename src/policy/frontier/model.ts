/**
 * The frontier as a linear program: the mix of paths with the most accuracy that the capacity can
 * carry now. No integers: work of each (variant, group), and flow on every prefix of a path, so that
 * branches of a tree agree on the variants that they share.
 *
 *   flow(root prefixes) = served <= 1
 *   for each prefix and child task: flow of its continuations = its own
 *   for each variant: rate x items per query x flow <= sum over groups of work x speed
 *   for each group: sum of its work <= aim
 *   most of: served first, then accuracy, then little work
 *
 * @module
 */
import type { PipelineShape, Prefix, Shapes } from '../shape.ts'
import type { FrontierProblem } from './problem.ts'
import type { Column, Row } from './simplex.ts'

/** A query served weighs more than any accuracy; the least served pipeline more than the others. */
const SERVED = 10
const FAIR = 40
/** Work breaks ties: the same accuracy with less of it. */
const WORK = 1e-3
/** A variant that could carry so many times the demand is as good as unlimited. */
const MAX_RATIO = 1e4
/** More prefixes than this are not solved for: what a pipeline's file names last is left out. */
const MAX_COLUMNS = 600

/** What a column stands for. */
export interface FrontierColumn extends Column {
  /** Flow on a prefix, work of a variant on a group, or the least share that a pipeline is served. */
  what: 'flow' | 'work' | 'least'
  /** Position of the pipeline and the prefix; or index of the variant and of the group. */
  of: number
  at: number
}

export interface FrontierProgram {
  columns: FrontierColumn[]
  rows: Row[]
}

function take({ rows, values }: Column, row: number, value: number): void {
  rows.push(row)
  values.push(value)
}

export const totalDuty = ({ groups }: FrontierProblem) =>
  groups.reduce((sum, { duty }) => sum + duty, 0) || 1

interface Building extends FrontierProgram {
  problem: FrontierProblem
  totalPerS: number
  /** By index of the variant: its least time alone, and its row once some flow goes through it. */
  aloneMs: number[]
  variantRows: (number | undefined)[]
  /** Variants that some flow goes through, in the order in which that was found. */
  used: number[]
  least: FrontierColumn | undefined
}

function addRow({ rows }: FrontierProgram, max: number, equal = false): number {
  return rows.push({ max, equal }) - 1
}

export function frontierProgram(shapes: Shapes, problem: FrontierProblem): FrontierProgram {
  const building: Building = {
    ...{ columns: [], rows: [], problem, variantRows: [], used: [], least: undefined },
    totalPerS: problem.ratesPerS.reduce((sum, rate) => sum + rate, 0),
    aloneMs: problem.services.map((services) =>
      services.reduce((least, { aloneMs }) => Math.min(least, aloneMs), Infinity)
    ),
  }
  let p = 0
  for (const shape of shapes.pipelines.values()) {
    if (problem.ratesPerS[p]! > 0) addFlows(shape, p, building)
    p++
  }
  addWork(building)
  return building
}

function addWork(building: Building): void {
  const { problem, totalPerS, used, variantRows, columns } = building
  const duties = totalDuty(problem)
  const groupRows: number[] = []
  for (const index of used) {
    for (const { group, costMs } of problem.services[index]!) {
      const { duty } = problem.groups[group]!
      if (duty <= 0) continue
      const row = groupRows[group] ??= addRow(building, problem.aim)
      const speed = Math.min(duty * 1000 / costMs / totalPerS, MAX_RATIO)
      columns.push({
        what: 'work',
        of: index,
        at: group,
        score: -WORK * duty / duties,
        rows: [variantRows[index]!, row],
        values: [-speed, 1],
      })
    }
  }
}

function addFlows(shape: PipelineShape, p: number, building: Building): void {
  const { problem, totalPerS, aloneMs, variantRows, used, columns } = building
  const { fanOut } = problem
  const { sloMs, weight = 1 } = shape.pipeline
  const rate = problem.ratesPerS[p]!
  const worth = rate / totalPerS * weight / Math.max(shape.bestFloor, 1e-6)
  let count = 0

  const aloneOf = ({ variant }: Prefix) => aloneMs[variant.index]!

  /** Least time of what follows, and whether anything of it can be served. */
  function restMs({ next }: Prefix): number {
    let longestMs = 0
    for (const branch of next) {
      let leastMs = Infinity
      for (const one of branch) leastMs = Math.min(leastMs, aloneOf(one) + restMs(one))
      longestMs = Math.max(longestMs, leastMs)
    }
    return longestMs
  }

  /** @param items of this task for each root query; @param leaf share of leaf items of the branch */
  function add(prefix: Prefix, row: number, items: number, leaf: number, spentMs: number): void {
    const endMs = spentMs + aloneOf(prefix)
    if (endMs + restMs(prefix) > sloMs || count >= MAX_COLUMNS) return
    count++
    const { variant, parent, next } = prefix
    const { index } = variant
    let variantRow = variantRows[index]
    if (variantRow === undefined) {
      variantRow = variantRows[index] = addRow(building, 0)
      used.push(index)
    }
    const flow: FrontierColumn = {
      what: 'flow',
      of: p,
      at: prefix.id,
      score: 0,
      rows: [row, variantRow],
      values: [1, items * rate / totalPerS],
    }
    if (parent === null) {
      flow.score = SERVED * worth
      take(flow, fairRow, -1)
    }
    if (next.length === 0) {
      flow.score = worth * leaf * prefix.accuracy
      columns.push(flow)
      return
    }
    const leaves = next.map((_, child) => (fanOut[index]![child] ?? 1) * leavesOf(prefix, child))
    const all = leaves.reduce((sum, own) => sum + own, 0)
    for (let child = 0; child < next.length; child++) {
      const own = addRow(building, 0, true)
      take(flow, own, -1)
      const part = all > 0 ? leaves[child]! / all : 1 / next.length
      const each = items * (fanOut[index]![child] ?? 1)
      for (const one of next[child]!) add(one, own, each, leaf * part, endMs)
    }
    columns.push(flow)
  }

  /** Leaf items expected below one item, and below one of a child task, its variants counted alike. */
  function below(prefix: Prefix): number {
    const { next, variant: { index } } = prefix
    if (next.length === 0) return 1
    let sum = 0
    for (let child = 0; child < next.length; child++) {
      sum += (fanOut[index]![child] ?? 1) * leavesOf(prefix, child)
    }
    return sum
  }
  function leavesOf({ next }: Prefix, child: number): number {
    const branch = next[child]!
    let sum = 0
    for (const one of branch) sum += below(one)
    return sum / Math.max(branch.length, 1)
  }

  const servedRow = addRow(building, 1)
  const fairRow = addRow(building, 0)
  // The least share that any pipeline gets, by weight; what is behind it pulls all others up.
  if (building.least === undefined) {
    building.least = { what: 'least', of: 0, at: 0, score: FAIR, rows: [], values: [] }
    columns.push(building.least)
  }
  take(building.least, fairRow, weight)
  for (const start of shape.starts) add(start, servedRow, 1, 1, 0)
}

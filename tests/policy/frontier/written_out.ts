/**
 * The program of `src/policy/frontier/model.ts` once more, as its header states it: a variable for
 * each prefix and for each variant on each group, a row for each rule, and nothing left out that
 * follows from the rest. What solves the short one is to be as good by this one.
 *
 * @module
 */
import type { PipelineShape, Prefix, Shapes } from '../../../src/policy/core/graph.ts'
import type { FrontierProblem } from '../../../src/policy/frontier/problem.ts'

/** A query served weighs more than any accuracy; the least served pipeline more than the others. */
const SERVED = 10
const FAIR = 40
/** Work breaks ties: the same accuracy with less of it. */
const WORK = 1e-3
/** A variant that could carry so many times the demand is as good as unlimited. */
const MAX_RATIO = 1e4
/** More prefixes than this are not solved for: what a pipeline's file names last is left out. */
const MAX_COLUMNS = 600

type Coefficients = [string, number][]

/** Maximise `score`; every variable is 0 or more. */
export interface Program {
  variables: Map<string, Coefficients>
  constraints: Map<string, { max?: number; equal?: number }>
}

/** Variables are `f` pipeline prefix, `w` variant group, and `least`. */
export function writtenOut(shapes: Shapes, problem: FrontierProblem): Program {
  const variables = new Map<string, Coefficients>()
  const constraints = new Map<string, { max?: number; equal?: number }>()
  const total = problem.ratesPerS.reduce((sum, rate) => sum + rate, 0)
  const used = new Map<number, number>()
  let p = 0
  for (const shape of shapes.pipelines.values()) {
    const rate = problem.ratesPerS[p]!
    if (rate > 0) addFlows(shape, p, rate, rate / total, problem, { variables, constraints, used })
    p++
  }
  for (const [index, leftMs] of used) {
    const leastMs = quickestOf(problem, index)
    for (const { group, costMs, aloneMs, awayMs = 0 } of problem.services[index]!) {
      const { duty } = problem.groups[group]!
      if (duty <= 0 || aloneMs > (leastMs + leftMs) / 2) continue
      constraints.set(`g${group}`, { max: problem.aim })
      variables.set(`w${index} ${group}`, [
        ['score', -WORK * duty / totalDuty(problem) * (1 + awayMs / leftMs)],
        [`v${index}`, -Math.min(duty * 1000 / costMs / total, MAX_RATIO)],
        [`g${group}`, 1],
      ])
    }
  }
  return { variables, constraints }
}

const totalDuty = ({ groups }: FrontierProblem) =>
  groups.reduce((sum, { duty }) => sum + duty, 0) || 1

interface Building extends Program {
  /** Variants that some flow goes through, and the most time that one of these leaves them. */
  used: Map<number, number>
}

function addFlows(
  shape: PipelineShape,
  p: number,
  rate: number,
  share: number,
  problem: FrontierProblem,
  model: Building,
): void {
  const { sloMs, weight = 1 } = shape.pipeline
  const total = problem.ratesPerS.reduce((sum, some) => sum + some, 0)
  const aloneMs = (prefix: Prefix) => quickestOf(problem, prefix.variant.index)
  const leavesOf = leafCounter(problem)
  const worth = share * weight / Math.max(shape.bestFloor, 1e-6)
  let columns = 0

  /** Least time of what follows, and whether anything of it can be served. */
  const restMs = (prefix: Prefix): number =>
    prefix.next.reduce(
      (longest, branch) =>
        Math.max(
          longest,
          branch.reduce((least, n) => Math.min(least, aloneMs(n) + restMs(n)), Infinity),
        ),
      0,
    )

  /** @param items of this task for each root query; @param leaf share of leaf items of the branch */
  const add = (prefix: Prefix, row: string, items: number, leaf: number, spentMs: number): void => {
    const endMs = spentMs + aloneMs(prefix)
    const afterMs = restMs(prefix)
    if (endMs + afterMs > sloMs || columns >= MAX_COLUMNS) return
    columns++
    const { variant } = prefix
    const leftMs = sloMs - spentMs - afterMs
    model.used.set(variant.index, Math.max(leftMs, model.used.get(variant.index) ?? 0))
    const coefficients: Coefficients = [
      [row, 1],
      [`v${variant.index}`, items * rate / total],
    ]
    model.constraints.set(`v${variant.index}`, { max: 0 })
    if (row[0] === 's') coefficients.push([`t${p}`, -1])
    // Accuracy counts at a leaf, and at the first task where nothing comes of a query.
    const ends = prefix.next.length === 0
      ? 1
      : prefix.parent === null
      ? (problem.none?.[variant.index] ?? [0]).reduce((all, chance) => all * chance, 1)
      : 0
    const score = (row[0] === 's' ? SERVED * worth : 0) +
      worth * leaf * ends * prefix.accuracy
    if (score > 0) coefficients.push(['score', score])
    const leaves = prefix.variant.task.next.map((_, child) =>
      (problem.fanOut[variant.index]![child] ?? 1) * leavesOf(prefix, child)
    )
    const all = leaves.reduce((sum, count) => sum + count, 0)
    prefix.next.forEach((branch, child) => {
      const own = `c${p} ${prefix.id} ${child}`
      model.constraints.set(own, { equal: 0 })
      coefficients.push([own, -1])
      const count = problem.fanOut[variant.index]![child] ?? 1
      const part = all > 0 ? leaves[child]! / all : 1 / prefix.next.length
      for (const next of branch) add(next, own, items * count, leaf * (1 - ends) * part, endMs)
    })
    model.variables.set(`f${p} ${prefix.id}`, coefficients)
  }

  model.constraints.set(`s${p}`, { max: 1 })
  for (const start of shape.starts) add(start, `s${p}`, 1, 1, 0)
  if (columns === 0) return
  // The least share that any pipeline gets, by weight; what is behind it pulls all others up.
  model.constraints.set(`t${p}`, { max: 0 })
  const fair = model.variables.get('least') ?? [['score', FAIR]]
  fair.push([`t${p}`, weight])
  model.variables.set('least', fair)
}

/** Upper latency of one item alone where that is least. */
const quickestOf = ({ services }: FrontierProblem, index: number): number =>
  services[index]!.reduce((least, { aloneMs }) => Math.min(least, aloneMs), Infinity)

/** Leaf items expected below one item of a child task, its variants counted alike. */
function leafCounter(problem: FrontierProblem) {
  const below = (prefix: Prefix): number =>
    prefix.next.length === 0 ? 1 : prefix.next.reduce((sum, _, child) => {
      const count = problem.fanOut[prefix.variant.index]![child] ?? 1
      return sum + count * leavesOf(prefix, child)
    }, 0)
  const leavesOf = (prefix: Prefix, child: number): number => {
    const branch = prefix.next[child]!
    return branch.reduce((sum, next) => sum + below(next), 0) / Math.max(branch.length, 1)
  }
  return leavesOf
}

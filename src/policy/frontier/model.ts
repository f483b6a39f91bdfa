/**
 * The frontier as a linear program: the mix of paths with the most accuracy that the capacity can
 * carry now. No integers: work of each (variant, group), and flow on every prefix of a path, so that
 * branches of a tree agree on the variants that they share.
 *
 *   flow(root prefixes) = served <= 1
 *   for each prefix and child task: flow of its continuations = its own
 *   for each variant: rate x items per query x flow <= sum over groups of work x speed
 *   for each group: sum of its work <= aim; none of a variant that it is too slow for
 *   most of: served first, then accuracy, then little work, and not far away
 *
 * It is solved some sixty times a second, so what follows from the rest is no variable: the flow on a
 * prefix with one child task is what goes on from it, and the work of a variant that one group alone
 * is able to do is what flows to it. A chain on nodes that are alike leaves a row for the demand, one
 * for the nodes, and a column for each path that two others in turn do not do better than for as much
 * time: for that no solver is needed; see `frontier/rivals.ts`.
 *
 * @module
 */
import type { PipelineShape, Prefix, Shapes, VariantShape } from '../shape.ts'
import { chosenVariants } from './chosen.ts'
import { endShare, leafShares } from './counted.ts'
import type { FrontierProblem, Service } from './problem.ts'
import { needed, type Rival } from './rivals.ts'

/** A query served weighs more than any accuracy; the least served pipeline more than the others. */
const SERVED = 10
const FAIR = 40
/** Work breaks ties: the same accuracy with less of it, and rather by who is near. */
const WORK = 1e-3
/**
 * A group is too slow for a variant where it takes more of the time that is left beyond what the quickest
 * takes than this share: queues, and what decisions leave alone, have the rest.
 */
const MOST_OF_LEFT = 0.5
/** A variant that could carry so many times the demand is as good as unlimited. */
const MAX_RATIO = 1e4
/** More prefixes than this are not solved for; where no solver is needed, a few more. */
const MAX_PREFIXES = 600
const MAX_OF_HULL = 3000

export type Coefficients = [string, number][]

/** Time of a group for a variant, as a share of all of it, for each unit of a column. */
export interface Work {
  index: number
  group: number
  share: number
}

/**
 * What a variable is: a flow, of a path's last prefix, or of one where branches part, and of all before
 * it up to such a one; or work; or neither, of the least share that a pipeline is served.
 */
export interface Column {
  pipeline: number
  /** Ids of the prefixes that it is a flow of. */
  prefixes: readonly number[]
  /** Its own work, or what the flow takes of variants that one group alone does. */
  works: readonly Work[]
}

type Variable = [Column, Coefficients]

/** Maximise `score`; every variable is 0 or more. */
export interface Model {
  variables: Variable[]
  constraints: Map<string, { max?: number; equal?: number }>
  /** The constraints of the groups. */
  capacities: { max: number }[]
  /** Columns that are all of it, but for their share and the one group's time: one chain on nodes alike. */
  hull: readonly Rival<Column>[] | undefined
}

export function frontierModel(shapes: Shapes, problem: FrontierProblem): Model {
  const { groups, services, ratesPerS } = problem
  const model: Building = {
    ...{ variables: [], constraints: new Map(), used: new Map(), fair: undefined, hull: undefined },
    capacities: groups.map(() => ({ max: problem.aim })),
    groupRows: groups.map((_, g) => `g${g}`),
    aloneMs: services.map(quickestOf),
    totalPerS: ratesPerS.reduce((sum, rate) => sum + rate, 0),
    poolDuty: totalDuty(problem),
  }
  const { totalPerS, poolDuty } = model
  groups.forEach((_, g) => model.constraints.set(model.groupRows[g]!, model.capacities[g]!))
  if (ratesPerS.filter((rate) => rate > 0).length > 1) {
    model.fair = [['score', FAIR]]
    model.variables.push([{ pipeline: -1, prefixes: [], works: [] }, model.fair])
  }
  let p = 0
  for (const shape of shapes.pipelines.values()) {
    const rate = ratesPerS[p]!
    if (rate > 0) addFlows(shape, p, rate, problem, model)
    p++
  }
  const { variables, hull, fair } = model
  // Bounded by nothing.
  if (fair?.length === 1) variables.shift()
  // Beside other columns it is a part of it only.
  if (fair !== undefined || hull?.length !== variables.length) model.hull = undefined
  for (const [index, leftMs] of model.used) {
    const leastMs = model.aloneMs[index]!
    for (const service of services[index]!) {
      const { group, aloneMs, awayMs = 0 } = service
      const { duty } = groups[group]!
      if (duty <= 0 || aloneMs > leastMs + MOST_OF_LEFT * (leftMs - leastMs)) continue
      model.variables.push([
        { pipeline: -1, prefixes: [], works: [{ index, group, share: 1 }] },
        [
          ['score', -WORK * duty / poolDuty * (1 + awayMs / leftMs)],
          [`v${index}`, -speedOf(service, duty, totalPerS)],
          [model.groupRows[group]!, 1],
        ],
      ])
    }
  }
  return model
}

/** Items of one service, in shares of all queries that come, were it the group's only work. */
const speedOf = ({ costMs }: Service, duty: number, totalPerS: number) =>
  Math.min(duty * 1000 / costMs / totalPerS, MAX_RATIO)

/** Upper latency of one item alone where that is least. */
const quickestOf = (services: readonly Service[]): number =>
  services.reduce((least, { aloneMs }) => Math.min(least, aloneMs), Infinity)

/** Has the groups plan with another share of their time. */
export function setAim({ capacities }: Model, aim: number): void {
  for (const capacity of capacities) capacity.max = aim
}

export const totalDuty = ({ groups }: FrontierProblem) =>
  groups.reduce((sum, { duty }) => sum + duty, 0) || 1

interface Building extends Model {
  /** Variants that some flow goes through and several groups do, and the most time that is left them. */
  used: Map<number, number>
  /** What the least share is bounded by, where there are several pipelines. */
  fair: Coefficients | undefined
  groupRows: string[]
  /** By index of variant. */
  aloneMs: number[]
  totalPerS: number
  poolDuty: number
}

/** What a column has of the prefixes before its last one. */
interface Carried {
  prefixes: readonly number[]
  works: readonly Work[]
  /** But for the time of groups, which is in `works`, and the score. */
  coefficients: Readonly<Coefficients>
  score: number
  /** Columns that begin alike; undefined where they may differ in more than one group's time. */
  rivals: Rival<Carried>[] | undefined
}

function addFlows(
  shape: PipelineShape,
  p: number,
  rate: number,
  problem: FrontierProblem,
  model: Building,
): void {
  const { sloMs, weight = 1 } = shape.pipeline
  const { constraints, aloneMs } = model
  const sharesOf = leafShares(problem)
  const share = rate / model.totalPerS
  const worth = share * weight / Math.max(shape.bestFloor, 1e-6)
  const alike = problem.groups.length === 1 && problem.groups[0]!.duty > 0
  const isHull = alike && model.fair === undefined
  const mostPrefixes = isHull ? MAX_OF_HULL : MAX_PREFIXES
  const chosen = chosenVariants(shape, problem, mostPrefixes)
  let prefixes = 0

  /** Least time of what follows; infinite where none of it can be served. */
  const restMs = ({ next }: Prefix): number => {
    let longestMs = 0
    for (const branch of next) {
      let leastMs = Infinity
      for (const then of branch) {
        if (!chosen.has(then.variant)) continue
        leastMs = Math.min(leastMs, aloneMs[then.variant.index]! + restMs(then))
      }
      longestMs = Math.max(longestMs, leastMs)
    }
    return longestMs
  }

  /** @param items of this task for each root query; @param leaf share of the accuracy that is of the branch */
  const add = (
    prefix: Prefix,
    before: Carried,
    items: number,
    leaf: number,
    spentMs: number,
  ): void => {
    const { variant, next, id } = prefix
    const endMs = spentMs + aloneMs[variant.index]!
    const afterMs = restMs(prefix)
    if (endMs + afterMs > sloMs || prefixes >= mostPrefixes || !chosen.has(variant)) return
    prefixes++
    const own = withVariant(variant, items * share, sloMs - spentMs - afterMs, before)
    own.prefixes = [...own.prefixes, id]
    const counts = next.map((_, child) => problem.fanOut[variant.index]![child] ?? 1)
    const ends = leaf * endShare(prefix, problem)
    own.score += worth * ends * prefix.accuracy
    if (next.length === 1) {
      for (const then of next[0]!) add(then, own, items * counts[0]!, leaf - ends, endMs)
      return
    }
    const shares = sharesOf(prefix)
    const parted: Coefficients = []
    next.forEach((branch, child) => {
      const row = `c${p} ${id} ${child}`
      constraints.set(row, { equal: 0 })
      parted.push([row, -1])
      const part = (leaf - ends) * shares[child]!
      const start = beginning([[row, 1]], 0)
      for (const then of branch) add(then, start, items * counts[child]!, part, endMs)
      end(start)
    })
    const { works, score, rivals } = own
    if (next.length > 0 || rivals === undefined) addColumn(own, parted)
    else rivals.push({ column: own, load: works.reduce((sum, { share }) => sum + share, 0), score })
  }

  function addColumn(
    { prefixes, works, coefficients, score }: Carried,
    parted: Coefficients,
  ): Column {
    const times: Coefficients = []
    for (const { group, share } of works) {
      const row = model.groupRows[group]!
      const time = times.find(([name]) => name === row)
      if (time === undefined) times.push([row, share])
      else time[1] += share
    }
    const column: Column = { pipeline: p, prefixes, works }
    model.variables.push([column, [...coefficients, ...parted, ...times, ['score', score]]])
    return column
  }

  const beginning = (coefficients: Coefficients, score: number): Carried => (
    { prefixes: [], works: [], coefficients, score, rivals: alike ? [] : undefined }
  )

  const end = ({ rivals }: Carried): Model['hull'] =>
    rivals && needed(rivals).map((rival) => ({ ...rival, column: addColumn(rival.column, []) }))

  /** With so many items of a variant, in shares of all queries, that have at most so much time. */
  function withVariant(
    { index }: VariantShape,
    perQuery: number,
    leftMs: number,
    { prefixes, works, coefficients, score, rivals }: Carried,
  ): Carried {
    const services = problem.services[index]!
    const only = services.length === 1 ? services[0]! : undefined
    const duty = only === undefined ? 0 : problem.groups[only.group]!.duty
    if (only === undefined || duty <= 0) {
      const row = `v${index}`
      constraints.set(row, { max: 0 })
      model.used.set(index, Math.max(leftMs, model.used.get(index) ?? 0))
      return { prefixes, works, coefficients: [...coefficients, [row, perQuery]], score, rivals }
    }
    const { group } = only
    const share = perQuery / speedOf(only, duty, model.totalPerS)
    return {
      prefixes,
      works: [...works, { index, group, share }],
      coefficients,
      score: score - WORK * duty / model.poolDuty * share,
      rivals,
    }
  }

  const row = `s${p}`
  constraints.set(row, { max: 1 })
  const first: Coefficients = [[row, 1]]
  const start = beginning(first, SERVED * worth)
  const least = `t${p}`
  if (model.fair !== undefined) first.push([least, -1])
  else start.score += FAIR / weight
  const before = model.variables.length
  for (const prefix of shape.starts) add(prefix, start, 1, 1, 0)
  model.hull = end(start)
  // The least share that any pipeline gets, by weight; what is behind it pulls all others up. One that
  // nobody can serve is behind for ever, and pulls nobody.
  if (model.fair === undefined || model.variables.length === before) return
  constraints.set(least, { max: 0 })
  model.fair.push([least, weight])
}

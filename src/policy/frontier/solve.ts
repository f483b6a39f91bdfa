/**
 * The frontier solved: from what the pool can do and what is asked, the mix of paths.
 *
 * @module
 */
import { solve as solveLp } from 'yalps'
import type { PipelineShape, Prefix, Shapes, TaskShape, Way } from '../shape.ts'
import { endShare, leafShares } from './counted.ts'
import type { Mix } from './mix.ts'
import { type Column, frontierModel, type Model, setAim, totalDuty } from './model.ts'
import type { FrontierProblem } from './problem.ts'
import { mostWithin } from './rivals.ts'

/** Makes the mix that plans with this share of the groups' time. */
export type Solve = (aim: number) => Mix | undefined

const MAX_PIVOTS = 4000

/** Undefined when the solver gave up: then the mix before is better than none. */
export function solveFrontier(shapes: Shapes, problem: FrontierProblem): Mix | undefined {
  return frontierOf(shapes, problem)(problem.aim)
}

/** The same for one aim after another, in place of the problem's: what the program is made of stays. */
export const frontierOf = (shapes: Shapes, problem: FrontierProblem): Solve =>
  createFrontier(shapes)(problem)

/**
 * The same for one problem after another. As long as the pool can do the same, a chain on nodes that
 * are alike takes so many times the share of their time that it is asked so many times as often: then
 * the program is not made anew.
 */
export function createFrontier(shapes: Shapes): (problem: FrontierProblem) => Solve {
  let known: Known | undefined
  const made = (problem: FrontierProblem): Known =>
    known = { problem, model: frontierModel(shapes, problem) }
  return (problem) => {
    let from = known !== undefined && isLike(known, problem) ? known : made(problem)
    return (aim) => {
      let stretch = pressureOf(problem) / pressureOf(from.problem)
      let values = hullValues(from.model, aim / stretch)
      if (values === undefined) {
        if (from.problem !== problem) from = made(problem)
        stretch = 1
        setAim(from.model, aim)
        values = programValues(from.model)
      }
      return values && mixOf(shapes, { ...problem, aim }, values, stretch)
    }
  }
}

/** A program, and what it was made for. */
interface Known {
  problem: FrontierProblem
  model: Model
}

/** Demand beyond this factor has it made anew: that little work breaks ties depends on it. */
const MOST_STRETCH = 2

/** What is asked of each slot. */
const pressureOf = (problem: FrontierProblem) =>
  problem.ratesPerS.reduce((sum, rate) => sum + rate, 0) / totalDuty(problem)

/** Whether a program serves for another problem: it has a hull, and all but how much is asked is the same. */
function isLike({ problem, model: { hull } }: Known, other: FrontierProblem): boolean {
  if (!hull?.length || problem.services !== other.services) return false
  if (problem.fanOut !== other.fanOut || !(other.groups[0]!.duty > 0)) return false
  const { pipeline } = hull[0]!.column
  if (other.ratesPerS.some((rate, p) => rate > 0 !== (p === pipeline))) return false
  const stretch = pressureOf(other) / pressureOf(problem)
  return stretch <= MOST_STRETCH && stretch * MOST_STRETCH >= 1
}

/** Each column that has any, with how much. */
type Values = Iterable<[Column, number]>

const hullValues = ({ hull }: Model, aim: number): Values | undefined =>
  hull && mostWithin(hull, aim)

function programValues({ variables, constraints }: Model): Values | undefined {
  const { status, variables: values } = solveLp(
    { direction: 'maximize', objective: 'score', variables, constraints },
    { maxPivots: MAX_PIVOTS },
  )
  return status === 'optimal' ? values : undefined
}

/** @param stretch so many times as much work is a unit of each column */
function mixOf(shapes: Shapes, problem: FrontierProblem, values: Values, stretch: number): Mix {
  const mix = emptyMix(shapes, problem)
  let load = 0
  for (const [{ pipeline, prefixes, works }, value] of values) {
    for (const id of prefixes) mix.pipelines[pipeline]!.flow[id]! += value
    for (const { index, group, share } of works) {
      const { duty } = problem.groups[group]!
      const service = problem.services[index]!.find((one) => one.group === group)!
      const work = value * share * stretch
      mix.work[index]![group]! += work
      mix.items[index]![group]! += work * duty / service.costMs
      load += work * duty
    }
  }
  mix.load = load / totalDuty(problem) / problem.aim
  valueTasks(shapes, mix, problem)
  let p = 0
  for (const shape of shapes.pipelines.values()) {
    measure(shape, mix.pipelines[p]!, problem)
    const { flow } = mix.pipelines[p++]!
    // Among slots that are all alike nobody asks whose an item is.
    if (mix.groups.length > 1) shareWays(shape, mix, flow, problem)
  }
  return mix
}

/** Plain, and filled one by one: other ways to make arrays as small as these take longer than to use them. */
function zeros(length: number): number[] {
  const made: number[] = []
  for (let i = 0; i < length; i++) made.push(0)
  return made
}

/** Nothing served. */
export function emptyMix(shapes: Shapes, { groups }: Pick<FrontierProblem, 'groups'>): Mix {
  return {
    pipelines: [...shapes.pipelines.values()].map(({ name, pipeline, prefixCount }) => ({
      pipeline: name,
      served: 0,
      accuracy: 0,
      sloMs: pipeline.sloMs,
      slots: 0,
      flow: zeros(prefixCount),
    })),
    work: shapes.variants.map(() => zeros(groups.length)),
    items: shapes.variants.map(() => zeros(groups.length)),
    taskMs: [],
    ways: [],
    groups: groups.map((group) => group.key),
    load: 0,
    drains: false,
  }
}

/** What an item of each task takes, with all that follows from it; and so each pipeline. */
function valueTasks(shapes: Shapes, mix: Mix, problem: FrontierProblem): void {
  const { groups } = problem
  const pool = totalDuty(problem)
  /** @returns share of the pool that this task and those below it take */
  const visit = (task: TaskShape): number => {
    let work = 0
    let perMs = 0
    for (const { index } of task.variants) {
      for (let g = 0; g < groups.length; g++) {
        work += mix.work[index]![g]! * groups[g]!.duty / pool
        perMs += mix.items[index]![g]!
      }
    }
    for (const child of task.next) work += visit(child)
    mix.taskMs[task.index] = perMs > 0 ? work / perMs : 0
    return work
  }
  let p = 0
  for (const { root } of shapes.pipelines.values()) mix.pipelines[p++]!.slots = visit(root) * pool
}

/** By which way how many of a task's items come. */
function shareWays(
  shape: PipelineShape,
  { ways }: Mix,
  flow: readonly number[],
  { fanOut }: FrontierProblem,
): void {
  const found: { way: Way; items: number }[] = []
  const sums = new Map<TaskShape, number>()
  const visit = (prefix: Prefix, perQuery: number) =>
    prefix.ways.forEach((way, child) => {
      const items = perQuery * (fanOut[prefix.variant.index]![child] ?? 1)
      const count = flow[prefix.id]! * items
      found.push({ way, items: count })
      sums.set(way.task, (sums.get(way.task) ?? 0) + count)
      for (const next of way.prefixes) visit(next, items)
    })
  for (const start of shape.starts) visit(start, 1)
  for (const { way, items } of found) ways[way.index] = items / (sums.get(way.task)! || 1)
}

/** What the flows come to: share served, and its mean accuracy as section 8 of the design counts. */
function measure(
  shape: PipelineShape,
  mix: Mix['pipelines'][number],
  problem: FrontierProblem,
): void {
  let served = 0
  let sum = 0
  const sharesOf = leafShares(problem)
  const visit = (prefix: Prefix, leaf: number) => {
    const flow = mix.flow[prefix.id]!
    if (flow <= 0) return
    const ends = leaf * endShare(prefix, problem)
    sum += flow * ends * prefix.accuracy
    const shares = sharesOf(prefix)
    prefix.next.forEach((branch, child) => {
      for (const next of branch) visit(next, (leaf - ends) * shares[child]!)
    })
  }
  for (const start of shape.starts) {
    served += mix.flow[start.id]!
    visit(start, 1)
  }
  mix.served = Math.min(served, 1)
  mix.accuracy = served > 0 ? sum / served : 0
}

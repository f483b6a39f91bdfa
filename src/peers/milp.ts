/**
 * The allocation of the Loki paper (section 4) for one division of the latency budget: whole numbers
 * of workers for each class and variant, and shares of the root queries on each path.
 *
 * A tree is taken branch by branch: each carries the whole root flow, and branches agree on the
 * variants that they share. What cannot be carried stays unserved, so there is always an answer.
 *
 * @module
 */
import { solve } from 'yalps'
import { type PipelineModel, type Prefix, prefixBelow, type Variant } from './model.ts'
import type { Split } from './splits.ts'
import type { Group, Problem } from './strategy.ts'

export interface MilpInput {
  problem: Problem
  splits: ReadonlyMap<PipelineModel, Split>
  /** `fewest`: all demand, with the fewest workers. `best`: most served, then most accurate. */
  goal: 'fewest' | 'best'
  /** Share of a worker's throughput that the plan uses. */
  cap: number
  integers: boolean
}

export interface MilpAnswer {
  score: number
  /** Served share of each pipeline's demand, and mean path accuracy of what is served. */
  served: Map<PipelineModel, number>
  accuracy: Map<PipelineModel, number>
  flows: { pipeline: PipelineModel; path: Variant[]; share: number }[]
  groups: Group[]
  /** Of each pipeline; no whole numbers where these were not asked for. */
  workers: Map<PipelineModel, number>
}

/** Serving is worth more than accuracy. */
const SERVED_WORTH = 100
/**
 * Bounds effort by a count, never by the clock. On two classes of unlike devices and three levels of
 * tasks a tenth of it finds no plan at some demands, or one that leaves a part of them out.
 */
const MAX_ITERATIONS = 4000
/** Where several pipelines share unlike devices a plan would take minutes. */
const MAX_ITERATIONS_SHARED = 400
/** Of a score near 100 per unit served: a tenth of a percent point of accuracy. */
const TOLERANCE = 1e-5
const NOTHING = 1e-6

/** Undefined where `fewest` cannot carry the demand. */
export function allocate(input: MilpInput): MilpAnswer | undefined {
  const { problem, goal, cap, integers } = input
  const constraints = new Map<string, { min?: number; max?: number; equal?: number }>()
  const variables = new Map<string, [string, number][]>()
  const flows: { name: string; pipeline: PipelineModel; path: Variant[]; accuracy: number }[] = []
  const counts: { name: string; group: Group }[] = []

  for (const [c, { class: device, count }] of problem.classes.entries()) {
    constraints.set(`nodes ${c}`, { max: count })
    for (const split of input.splits.values()) {
      for (const [variant, batch] of split) {
        const ms = device.latencyMs(variant, batch)
        if (ms === Infinity || count === 0) continue
        const name = `n ${c} ${variant.index}`
        const perS = cap * batch * 1000 / ms
        variables.set(name, [
          [`nodes ${c}`, 1],
          [`work ${variant.index}`, -perS / SCALE],
          ...goal === 'fewest' ? [['score', -1] as [string, number]] : [],
        ])
        counts.push({ name, group: { class: device, variant, batch, count: 0 } })
      }
    }
  }
  for (const [pipeline, split] of input.splits) {
    const rate = problem.ratePerS.get(pipeline)!
    for (const variant of split.keys()) constraints.set(`work ${variant.index}`, { max: 0 })
    pipeline.chains.forEach((chain, b) => {
      const key = `served ${pipeline.name} ${b}`
      constraints.set(key, goal === 'fewest' ? { equal: 1 } : { max: 1 })
      const owned = chain.map((task) =>
        pipeline.chains.findIndex((one) => one.includes(task)) === b
      )
      const walk = (
        at: number,
        path: Variant[],
        items: number,
        row: [string, number][],
        prefix: Prefix,
      ) => {
        if (at === chain.length) {
          const name = `f ${b} ${path.map(({ index }) => index).join(' ')}`
          const weight = 1 / pipeline.chains.length
          const worth = rate / totalOf(problem) * weight * (SERVED_WORTH + prefix.accuracy)
          variables.set(name, [
            ...row,
            [key, 1],
            ...goal === 'best' ? [['score', worth] as [string, number]] : [],
          ])
          flows.push({ name, pipeline, path, accuracy: prefix.accuracy })
          return
        }
        for (const variant of chain[at]!.variants) {
          if (!split.has(variant)) continue
          const work: [string, number][] = owned[at]
            ? [[`work ${variant.index}`, rate * items / SCALE]]
            : []
          const below = prefixBelow(prefix, variant)
          // Branches agree: what this one sends through a shared beginning, the first does, too.
          const agree: [string, number][] = []
          if (at < chain.length - 1) {
            const shared = pipeline.chains.findIndex((one) => one[at] === chain[at])
            const others = pipeline.chains.filter((one) => one[at] === chain[at]).length
            const start = [...path, variant].map(({ index }) => index).join(' ')
            if (b !== shared) {
              agree.push([`agree ${b} ${start}`, 1])
              constraints.set(`agree ${b} ${start}`, { equal: 0 })
            } else if (others > 1) {
              pipeline.chains.forEach((one, other) => {
                if (other === b || one[at] !== chain[at]) return
                agree.push([`agree ${other} ${start}`, -1])
                constraints.set(`agree ${other} ${start}`, { equal: 0 })
              })
            }
          }
          const child = chain[at + 1]
          const factor = child === undefined ? 1 : problem.factor(variant, child.childIndex)
          walk(at + 1, [...path, variant], items * factor, [...row, ...work, ...agree], below)
        }
      }
      walk(0, [], 1, [], pipeline.start)
    })
  }

  const maxIterations = input.splits.size > 1 ? MAX_ITERATIONS_SHARED : MAX_ITERATIONS
  const solution = solve(
    {
      direction: 'maximize',
      objective: 'score',
      constraints,
      variables,
      ...integers ? { integers: counts.map(({ name }) => name) } : {},
    },
    { maxIterations, tolerance: TOLERANCE },
  )
  if (Number.isNaN(solution.result) || solution.status === 'infeasible') return undefined
  const values = new Map(solution.variables)
  return answerOf(input, solution.result, values, flows, counts)
}

/** Keeps coefficients near 1. */
const SCALE = 100

const totalOf = ({ ratePerS }: Problem) =>
  Math.max(NOTHING, [...ratePerS.values()].reduce((sum, rate) => sum + rate, 0))

function answerOf(
  { splits }: MilpInput,
  score: number,
  values: ReadonlyMap<string, number>,
  flows: readonly { name: string; pipeline: PipelineModel; path: Variant[]; accuracy: number }[],
  counts: readonly { name: string; group: Group }[],
): MilpAnswer {
  const served = new Map<PipelineModel, number>()
  const accuracy = new Map<PipelineModel, number>()
  for (const pipeline of splits.keys()) {
    let share = 0
    let sum = 0
    for (const flow of flows) {
      if (flow.pipeline !== pipeline) continue
      const value = values.get(flow.name) ?? 0
      share += value
      sum += value * flow.accuracy
    }
    served.set(pipeline, share / pipeline.chains.length)
    accuracy.set(pipeline, share > NOTHING ? sum / share : 0)
  }
  const workers = new Map([...splits.keys()].map((pipeline) => [pipeline, 0]))
  for (const { name, group: { variant: { task: { pipeline } } } } of counts) {
    workers.set(pipeline, workers.get(pipeline)! + (values.get(name) ?? 0))
  }
  return {
    score,
    served,
    accuracy,
    flows: flows.map(({ name, pipeline, path }) => ({
      pipeline,
      path,
      share: values.get(name) ?? 0,
    })).filter(({ share }) => share > NOTHING),
    groups: counts.map(({ name, group }) => ({
      ...group,
      count: Math.round(values.get(name) ?? 0),
    })).filter(({ count }) => count > 0),
    workers,
  }
}

/**
 * The frontier solved: from what the pool can do and what is asked, the mix of paths.
 *
 * @module
 */
import type { PipelineShape, Prefix, Shapes } from '../shape.ts'
import type { Mix } from './mix.ts'
import { frontierProgram, totalDuty } from './model.ts'
import type { FrontierProblem } from './problem.ts'
import { solveProgram } from './simplex.ts'

const MAX_PIVOTS = 4000

/** Undefined when the solver gave up: then the mix before is better than none. */
export function solveFrontier(shapes: Shapes, problem: FrontierProblem): Mix | undefined {
  const { columns, rows } = frontierProgram(shapes, problem)
  const values = solveProgram(columns, rows, MAX_PIVOTS)
  if (values === undefined) return undefined
  const mix = emptyMix(shapes, problem)
  let load = 0
  columns.forEach(({ what, of, at }, i) => {
    const value = values[i]!
    if (value === 0) return
    if (what === 'work') {
      const { duty } = problem.groups[at]!
      const service = problem.services[of]!.find((one) => one.group === at)!
      mix.work[of]![at] = value
      mix.items[of]![at] = value * duty / service.costMs
      load += value * duty
    } else if (what === 'flow') mix.pipelines[of]!.flow[at] = value
  })
  mix.load = load / totalDuty(problem) / problem.aim
  let p = 0
  for (const shape of shapes.pipelines.values()) measure(shape, mix.pipelines[p++]!, problem)
  return mix
}

/** Nothing served. */
export function emptyMix(shapes: Shapes, { groups }: Pick<FrontierProblem, 'groups'>): Mix {
  return {
    pipelines: [...shapes.pipelines.values()].map(({ name, prefixCount }) => ({
      pipeline: name,
      served: 0,
      accuracy: 0,
      flow: new Float64Array(prefixCount),
    })),
    work: shapes.variants.map(() => groups.map(() => 0)),
    items: shapes.variants.map(() => groups.map(() => 0)),
    groups: groups.map((group) => group.key),
    load: 0,
  }
}

/** What the flows come to: share served, and its mean accuracy as section 8 of the design counts. */
function measure(
  shape: PipelineShape,
  mix: Mix['pipelines'][number],
  problem: FrontierProblem,
): void {
  let served = 0
  let sum = 0
  const visit = (prefix: Prefix, leaf: number) => {
    const flow = mix.flow[prefix.id]!
    if (flow <= 0) return
    if (prefix.next.length === 0) {
      sum += flow * leaf * prefix.accuracy
      return
    }
    const counts = prefix.next.map((_, child) => problem.fanOut[prefix.variant.index]![child] ?? 1)
    const all = counts.reduce((a, b) => a + b, 0)
    prefix.next.forEach((branch, child) => {
      for (const next of branch) visit(next, leaf * (all > 0 ? counts[child]! / all : 1))
    })
  }
  for (const start of shape.starts) {
    served += mix.flow[start.id]!
    visit(start, 1)
  }
  mix.served = Math.min(served, 1)
  mix.accuracy = served > 0 ? sum / served : 0
}

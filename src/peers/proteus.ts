/**
 * `proteus`: Proteus (ASPLOS 2024) in a pipeline, as the Loki paper compares with it: every task on
 * its own, with the demand measured there and its share of the SLO.
 *
 * From the paper and its artifact: one variant on every device; a device's peak throughput is that of
 * the largest batch within half the task's SLO; the most accuracy-weighted throughput, with at least
 * a share beta of the demand served, beta falling by 0.05 until that can be; devices that are left
 * over take the most accurate variant; batches wait for one more item as long as the first still
 * makes it; the head of a queue is dropped when it cannot.
 * Different: solved to a small gap (the artifact allows half), smooth round robin instead of lots,
 * devices of one variant share its queries evenly.
 *
 * @module
 */
import { solve } from 'yalps'
import { proteusBatching, taskDueMs } from './batching.ts'
import type { Variant } from './model.ts'
import type { Allocation, Group, Problem, Strategy } from './strategy.ts'

const BATCHES = [1, 2, 4, 8, 16, 32, 64] as const
const BETA_STEP = 0.05
const LEAST_BETA = 0.2
const SCALE = 100
/** Worth of an idle device's accuracy against that of served items. */
const IDLE_WORTH = 1e-4
const MAX_ITERATIONS = 2000
const TOLERANCE = 1e-3

export const proteus = (): Strategy => ({
  name: 'proteus',
  allocate,
  replans: true,
  routerCap: 1,
  balanced: true,
  leftover: 'capacity',
  pick: 'smooth',
  drop: 'last-task',
  batching: proteusBatching,
  dueMs: taskDueMs,
})

function allocate(problem: Problem): Allocation | undefined {
  const { model, taskRatePerS } = problem
  const total = model.tasks.reduce((sum, task) => sum + taskRatePerS.get(task)!, 0)
  const groups: Group[] = []
  const constraints: [string, { min?: number; max?: number }][] = []
  const variables: [string, [string, number][]][] = []
  problem.classes.forEach(({ count }, c) => constraints.push([`nodes ${c}`, { max: count }]))
  for (const task of model.tasks) {
    constraints.push([`task ${task.index}`, { max: taskRatePerS.get(task)! / SCALE }])
    const best = task.variants[0]!.accuracy
    for (const variant of task.variants) {
      constraints.push([`work ${variant.index}`, { max: 0 }])
      const worth = variant.accuracy / best
      variables.push([`y ${variant.index}`, [
        [`work ${variant.index}`, 1],
        [`task ${task.index}`, 1],
        ['all', 1],
        ['score', worth],
      ]])
      problem.classes.forEach(({ class: device }, c) => {
        const batch = peakBatch(variant, (size) => device.latencyMs(variant, size))
        if (batch === 0) return
        const perS = batch * 1000 / device.latencyMs(variant, batch)
        variables.push([`n ${groups.length}`, [
          [`nodes ${c}`, 1],
          [`work ${variant.index}`, -perS / SCALE],
          ['score', worth * IDLE_WORTH],
        ]])
        groups.push({ class: device, variant, batch, count: 0 })
      })
    }
  }
  const attempt = (beta: number, objective: string, integers: boolean) =>
    solve({
      direction: 'maximize',
      objective,
      constraints: [...constraints, ['all', { min: beta * total / SCALE }]],
      variables,
      ...integers ? { integers: groups.map((_, i) => `n ${i}`) } : {},
    }, { maxIterations: MAX_ITERATIONS, tolerance: TOLERANCE })

  const most = attempt(0, 'all', false).result * SCALE / Math.max(total, 1e-9)
  let beta = Math.min(1, Math.floor(most / BETA_STEP + 1e-9) * BETA_STEP)
  for (; beta >= 0; beta -= BETA_STEP) {
    if (beta < LEAST_BETA) beta = 0
    const solution = attempt(beta, 'score', true)
    if (!Number.isNaN(solution.result) && solution.status !== 'infeasible') {
      const counts = new Map(solution.variables)
      return allocationOf(
        problem,
        groups.map((group, i) => ({ ...group, count: Math.round(counts.get(`n ${i}`) ?? 0) }))
          .filter(({ count }) => count > 0),
        beta,
      )
    }
    if (beta === 0) break
  }
  return undefined
}

/** Largest batch within half the task's SLO, for the peak throughput. */
function peakBatch({ task: { pipeline } }: Variant, latencyMs: (batch: number) => number): number {
  const limitMs = pipeline.sloMs / pipeline.depth / 2
  return BATCHES.reduce((best, batch) => latencyMs(batch) < limitMs ? batch : best, 0)
}

function allocationOf(problem: Problem, groups: Group[], beta: number): Allocation {
  const bound = [...problem.ratePerS.values()].reduce((sum, rate) => sum + rate, 0)
  return {
    groups,
    mode: beta >= 1 ? 'accuracy' : 'saturated',
    objective: bound * beta,
    bound,
    reason: `Each task alone; ${Math.round(beta * 100)} % of the items planned for`,
    mix: [],
  }
}

/**
 * Stations: sets of groups that share tasks, and how long an item occupies one when only throughput
 * counts. The deadline test measures all work in station time.
 *
 * @module
 */
import type { Shapes } from '../core/graph.ts'
import type { Capacity } from '../state/capacity.ts'
import { backlog, price } from './params.ts'
import type { Problem } from './problem.ts'
import { FluidProgram } from './program.ts'
import { solvePrices } from './solver.ts'

export interface StationTime {
  station: number
  /** ms of the whole station. */
  ms: number
}

export class Stations {
  /** By group index. */
  readonly of: number[]
  readonly count: number
  /** By station. */
  readonly slots: number[]
  /** By station: slots' worth of time. */
  readonly duties: number[]
  /** By variant index: the station where an item takes least. */
  readonly times: StationTime[] = []
  private readonly logs: number[]

  constructor(
    shapes: Shapes,
    readonly problem: Problem,
    before?: Stations,
  ) {
    const { of, count, tasks } = joined(shapes, problem)
    this.of = of
    this.count = count
    this.slots = new Array<number>(count).fill(0)
    problem.groups.forEach(({ slots }, g) => this.slots[of[g]!]! += slots)
    this.duties = new Array<number>(count).fill(0)
    problem.duties.forEach((duty, g) => this.duties[of[g]!]! += duty)
    const program = new FluidProgram(shapes, problem)
    const total = problem.demands.reduce((sum, { ratePerS }) => sum + ratePerS, 0)
    const known = new Map(before?.problem.groups.map(({ key }, g) => [key, before.logs[g]!]))
    const start = known.size === 0
      ? undefined
      : problem.groups.map(({ key }) => known.get(key) ?? Math.log(1e-2))
    const scale = total > 0 ? price.overload * problem.groups.length : 1
    this.logs = solvePrices(program, problem.duties, scale, start).logs
    // With one task, throughput alone is the weight; with several, the prices of an overloaded pool.
    const least = problem.groups.map(() => Infinity)
    program.uses.forEach((own) => {
      for (const { group, costMs } of own) least[group] = Math.min(least[group]!, costMs)
    })
    const weights = problem.groups.map((_, g) =>
      tasks[of[g]!]! <= 1 ? 1 / least[g]! : Math.exp(this.logs[g]!)
    )
    const all = new Array<number>(count).fill(0)
    problem.groups.forEach((_, g) => all[of[g]!]! += weights[g]! * problem.duties[g]!)
    program.uses.forEach((own, v) => {
      let found: StationTime = { station: 0, ms: Infinity }
      for (const { group, costMs } of own) {
        const station = of[group]!
        const work = tasks[station]! <= 1 ? 1 : weights[group]! * costMs
        const ms = work / Math.max(all[station]!, 1e-12)
        if (ms < found.ms) found = { station, ms }
      }
      this.times[v] = found
    })
  }
}

/** Joins groups that serve the same task, transitively, into one station. */
function joined(shapes: Shapes, { groups, services }: Problem) {
  const leaders = groups.map((_, g) => g)
  const leaderOf = (g: number): number => leaders[g] === g ? g : leaders[g] = leaderOf(leaders[g]!)
  const firsts = new Map<number, number>()
  services.forEach((own, v) => {
    for (const { group } of own) {
      const { index } = shapes.variants[v]!.task
      const first = firsts.get(index)
      if (first === undefined) firsts.set(index, group)
      else leaders[leaderOf(group)] = leaderOf(first)
    }
  })
  const numbers = new Map<number, number>()
  const of = groups.map((_, g) => {
    const leader = leaderOf(g)
    if (!numbers.has(leader)) numbers.set(leader, numbers.size)
    return numbers.get(leader)!
  })
  const tasks: Set<number>[] = Array.from({ length: numbers.size }, () => new Set())
  services.forEach((own, v) => {
    for (const { group } of own) tasks[of[group]!]!.add(shapes.variants[v]!.task.index)
  })
  return { of, count: Math.max(1, numbers.size), tasks: tasks.map(({ size }) => size) }
}

/** The problem with items in batches of the least time per item, as when many items wait. */
export function inBatches(
  shapes: Shapes,
  problem: Problem,
  { services }: Capacity,
  maxBatch: number,
): Problem {
  return {
    ...problem,
    services: problem.services.map((own, v) => {
      const sloMs = shapes.variants[v]?.task.pipeline.pipeline.sloMs ?? 0
      return own.map((one, i) => {
        const { latencyMs } = services[v]!.servers[i]!
        let costMs = latencyMs(1)
        const mostMs = costMs + backlog.batchShare * Math.max(0, sloMs - costMs)
        for (let n = 2; n <= maxBatch && latencyMs(n) <= mostMs; n *= 2) {
          costMs = Math.min(costMs, latencyMs(n) / n)
        }
        return { ...one, costMs }
      })
    }),
  }
}

/**
 * Prices: accuracy per ms of a slot of each group, with the flows that belong to them. They are solved for
 * a few shares of the capacity and interpolated between these; the backlog selects the share.
 *
 * @module
 */
import type { Shapes, TaskShape, VariantShape } from '../core/graph.ts'
import { price } from './params.ts'
import type { Problem } from './problem.ts'
import { type Flows, FluidProgram, type Use } from './program.ts'
import { type Solution, solvePrices } from './solver.ts'

const { factors } = price
const WHOLE = factors.indexOf(1)

export class Market {
  /** By task index: slot ms of an item with all tasks that follow, in the plan for the whole capacity. */
  readonly taskMs: number[] = []
  /** By task index: items per second in that plan. */
  readonly taskPerS: number[] = []
  private readonly program: FluidProgram
  private readonly solutions: (Solution | undefined)[] = []
  private readonly flows: (Flows | undefined)[] = []

  constructor(
    readonly shapes: Shapes,
    readonly problem: Problem,
    private readonly before: Map<string, number>[] = [],
  ) {
    this.program = new FluidProgram(shapes, problem)
    const plan = this.plan
    for (const { root } of shapes.pipelines.values()) this.addUp(root, plan)
  }

  /** Flows at the whole capacity. */
  get plan(): Flows {
    return this.flowsOf(WHOLE)
  }

  /** Share of the capacity that the plan uses. */
  get loadShare(): number {
    const { duties } = this.problem
    return sum(this.plan.load) / Math.max(sum(duties), 1e-9)
  }

  /** Accuracy lost per share of capacity taken away, near the whole capacity. */
  get lossPerShare(): number {
    const lost = this.plan.accuracy - this.flowsOf(WHOLE - 1).accuracy
    return Math.max(0, lost) / (1 - factors[WHOLE - 1]!)
  }

  serves = ({ index }: VariantShape): boolean => this.usesOf(index).length > 0

  /** Groups that run a variant, with the slot ms per item. */
  usesOf = (variant: number): readonly Use[] => this.program.uses[variant] ?? []

  /** Price of a slot ms by group index, at a share of the capacity. */
  pricesAt(factor: number): number[] {
    const [i, part] = between(factor)
    const low = this.solutionOf(i).logs
    const high = this.solutionOf(i + 1).logs
    return low.map((log, g) => Math.exp(log) + part * (Math.exp(high[g]!) - Math.exp(log)))
  }

  /** Items per second of a variant, by position among its uses, at a share of the capacity. */
  flowAt(variant: number, factor: number): number[] {
    const [i, part] = between(factor)
    const high = this.flowsOf(i + 1).itemsPerS[variant] ?? []
    return (this.flowsOf(i).itemsPerS[variant] ?? []).map((low, u) => low + part * (high[u]! - low))
  }

  /** The solved prices, as starting point of the next market. */
  found(): Map<string, number>[] {
    return factors.map((_, i) => {
      const solution = this.solutions[i]
      if (solution === undefined) return this.before[i] ?? new Map()
      return new Map(this.problem.groups.map(({ key }, g) => [key, solution.logs[g]!]))
    })
  }

  private solutionOf(i: number): Solution {
    const known = this.solutions[i]
    if (known !== undefined) return known
    const capacities = this.problem.duties.map((duty) => duty * factors[i]!)
    return this.solutions[i] = solvePrices(this.program, capacities, 1, this.startOf(i))
  }

  private flowsOf(i: number): Flows {
    const { logs, tau } = this.solutionOf(i)
    this.program.tau = tau
    return this.flows[i] ??= this.program.flowsAt(logs)
  }

  /** Earlier prices. A new group starts from its key with or without "loading", else from the mean. */
  private startOf(i: number): number[] | undefined {
    const known = this.before[i]
    if (known === undefined || known.size === 0) return this.solutions.find((one) => one)?.logs
    const logs = [...known.values()]
    const mean = logs.reduce((a, b) => a + b, 0) / logs.length
    return this.problem.groups.map(({ key }) => known.get(key) ?? known.get(otherKey(key)) ?? mean)
  }

  private addUp(task: TaskShape, plan: Flows): { perS: number; ms: number } {
    let perS = 0
    let ms = 0
    for (const { index } of task.variants) {
      plan.itemsPerS[index]!.forEach((items, u) => {
        perS += items
        ms += items * this.usesOf(index)[u]!.costMs
      })
    }
    for (const next of task.next) ms += this.addUp(next, plan).ms
    this.taskPerS[task.index] = perS
    this.taskMs[task.index] = perS > 1e-9 ? ms / perS : this.leastMs(task)
    return { perS, ms }
  }

  private leastMs({ variants }: TaskShape): number {
    let least = Infinity
    for (const { index } of variants) {
      for (const { costMs } of this.usesOf(index)) least = Math.min(least, costMs)
    }
    return least === Infinity ? 0 : least
  }
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

const LOADING = / loading$/
const otherKey = (key: string) => LOADING.test(key) ? key.replace(LOADING, '') : `${key} loading`

/** Index of the factor below, and the position between it and the next, 0 to 1. */
function between(factor: number): [level: number, part: number] {
  let i = 0
  while (i < factors.length - 2 && factors[i + 1]! < factor) i++
  const part = (factor - factors[i]!) / (factors[i + 1]! - factors[i]!)
  return [i, Math.min(1, Math.max(0, part))]
}

/**
 * What a plan is made for and what it is, as plain data: a worker makes it from the same numbers, and
 * comes to the same.
 *
 * @module
 */
import type { Pipeline } from '../pipeline/schema.ts'
import { BATCHES } from './splits.ts'
import type { StrategyOptions } from './strategies.ts'
import type { Allocation, Problem } from './strategy.ts'

export interface PlainProblem {
  strategy: StrategyOptions & { name: string }
  pipelines: readonly Pipeline[]
  epoch: number
  /** Latencies by index of the variant, then of the batch among `BATCHES`. */
  classes: { index: number; name: string; count: number; latenciesMs: number[][] }[]
  roundTripMs: number
  /** By index of the pipeline; by index of the task. */
  ratePerS: number[]
  taskRatePerS: number[]
  /** By index of the variant, for each child. */
  factors: number[][]
}

/** Classes by position in the problem, variants by index. */
export interface PlainAllocation extends Omit<Allocation, 'groups'> {
  groups: { class: number; variant: number; batch: number; count: number }[]
}

export function plainProblem(
  problem: Problem,
  strategy: PlainProblem['strategy'],
  pipelines: readonly Pipeline[],
): PlainProblem {
  const { epoch, model, classes, roundTripMs, ratePerS, taskRatePerS, factor } = problem
  return {
    strategy,
    pipelines,
    epoch,
    roundTripMs,
    classes: classes.map(({ class: { index, name, latencyMs }, count }) => ({
      index,
      name,
      count,
      latenciesMs: model.variants.map((one) => BATCHES.map((batch) => latencyMs(one, batch))),
    })),
    ratePerS: model.pipelines.map((one) => ratePerS.get(one)!),
    taskRatePerS: model.tasks.map((one) => taskRatePerS.get(one)!),
    factors: model.variants.map((one) => one.fanOut.map((_, child) => factor(one, child))),
  }
}

export const allocationOf = (
  plain: PlainAllocation,
  { classes, model }: Problem,
): Allocation => ({
  ...plain,
  groups: plain.groups.map(({ class: device, variant, batch, count }) => ({
    class: classes[device]!.class,
    variant: model.variants[variant]!,
    batch,
    count,
  })),
})

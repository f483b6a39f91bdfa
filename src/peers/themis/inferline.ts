/**
 * InferLine as Themis's artifact has it: a plan for the beginning, then a tuner of instances.
 *
 * The plan begins with all cores and as many instances as the load needs, and takes the cheapest of
 * all single steps that still keep the SLO, again and again: a larger batch, one instance less, one
 * core less. From then on cores and batches stay. The tuner sets the instances of each stage so that
 * the busiest second of the last 30 keeps them as busy as the plan did; fewer after Themis's wait.
 *
 * Differences: the plan is made without the artifact's simulation of queues, from the same latencies
 * and margins as Themis's.
 *
 * @module
 */
import type { Scaler, ScalerOptions, Target } from '../scaler.ts'
import { needsInstances } from './capacity.ts'
import { createPatience } from './patience.ts'
import { HEAD, type Rules } from './rules.ts'
import { startOf } from './themis.ts'

const TUNER_S = 30

export const inferline = (rules: Rules = HEAD) => (options: ScalerOptions): Scaler => {
  const first = planOf(rules, options)
  const patience = createPatience(rules.waitSteps)
  const { stages, firstPerS } = options
  const throughput = (i: number) =>
    rules.throughput(stages[i]!, first[i]!.batch, first[i]!.cores, firstPerS)
  const busy = first.map(({ instances }, i) => Math.min(1, firstPerS / (instances * throughput(i))))
  return {
    everyMs: rules.everyMs,
    ...rules.dropAfterSlos === undefined
      ? {}
      : { dropAfterMs: rules.dropAfterSlos * options.sloMs },
    first,
    decide({ perS, stages: present }) {
      const most = Math.max(1, ...perS.slice(0, TUNER_S))
      const targets = first.map((target, i) => ({
        ...target,
        instances: Math.ceil(most / (throughput(i) * busy[i]!)),
      }))
      return patience(present, targets, needsInstances(present, targets))
    },
  }
}

function planOf(rules: Rules, options: ScalerOptions): Target[] {
  const { stages, sloMs, firstPerS } = options
  const needed = rules.neededFor(firstPerS)
  const throughput = (i: number, { batch, cores }: Target) =>
    rules.throughput(stages[i]!, batch, cores, firstPerS)
  const costOf = (plan: readonly Target[]) =>
    plan.reduce(
      (sum, { instances, cores }, i) => sum + instances * rules.costOf(stages[i]!, cores),
      0,
    )
  const keeps = (plan: readonly Target[]) =>
    plan.every((target, i) => target.instances * throughput(i, target) >= needed) &&
    plan.reduce(
        (sum, { batch, cores }, i) =>
          sum +
          Math.ceil(rules.latencyMs(stages[i]!, batch, cores) + rules.fillMs(batch, firstPerS)),
        0,
      ) <= sloMs

  /** With as few instances as such a batch and cores allow. */
  const fewest = (i: number, target: Target): Target => ({
    ...target,
    instances: Math.max(1, Math.ceil(needed / Math.max(1, throughput(i, target)))),
  })
  const steps = (i: number, target: Target): Target[] => [
    ...target.batch < stages[i]!.mostBatch
      ? [fewest(i, { ...target, batch: target.batch + 1 })]
      : [],
    ...target.instances > 1 ? [{ ...target, instances: target.instances - 1 }] : [],
    ...target.cores > 1
      ? [
        fewest(i, {
          ...target,
          cores: stages[i]!.cores[stages[i]!.cores.indexOf(target.cores) - 1]!,
        }),
      ]
      : [],
  ]
  let plan: Target[] = stages.map(({ cores }, i) =>
    fewest(i, { instances: 1, cores: cores.at(-1)!, batch: 1 })
  )
  if (!keeps(plan)) return startOf(rules, options, firstPerS)
  for (;;) {
    const better = plan.flatMap((target, i) =>
      steps(i, target).map((step) =>
        plan.map((one, at) => at === i ? step : one)
      )
    ).filter((next) => keeps(next) && costOf(next) < costOf(plan))
      .sort((a, b) => costOf(a) - costOf(b))[0]
    if (better === undefined) return plan
    plan = better
  }
}

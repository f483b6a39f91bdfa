/**
 * The plan of a peer from plain data, in a worker. Apart from what sends and takes it: here all
 * peers are at hand, while one that runs depends on itself alone.
 *
 * @module
 */
import type { DeviceClass } from './classes.ts'
import { createModel } from './model.ts'
import type { PlainAllocation, PlainProblem } from './plain.ts'
import { BATCHES } from './splits.ts'
import { STRATEGIES } from './strategies.ts'
import type { Problem } from './strategy.ts'

/** @returns undefined where nothing can be planned */
export function allocatePlain(plain: PlainProblem): PlainAllocation | undefined {
  const { strategy, epoch, roundTripMs, factors } = plain
  const model = createModel(plain.pipelines)
  const classes = plain.classes.map(({ index, name, count, latenciesMs }) => {
    const device: DeviceClass = {
      index,
      name,
      latencyMs: (variant, batch) => latenciesMs[variant.index]![BATCHES.indexOf(batch as 1)]!,
    }
    return { class: device, count }
  })
  const problem: Problem = {
    epoch,
    model,
    classes,
    roundTripMs,
    ratePerS: new Map(model.pipelines.map((one, i) => [one, plain.ratePerS[i]!])),
    taskRatePerS: new Map(model.tasks.map((one, i) => [one, plain.taskRatePerS[i]!])),
    factor: ({ index }, child) => factors[index]![child]!,
  }
  const allocation = STRATEGIES[strategy.name]!(strategy).allocate(problem)
  return allocation && {
    ...allocation,
    groups: allocation.groups.map(({ class: device, variant, batch, count }) => ({
      class: classes.findIndex((one) => one.class === device),
      variant: variant.index,
      batch,
      count,
    })),
  }
}

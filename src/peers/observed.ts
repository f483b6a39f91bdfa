/**
 * What is observed while serving: demand of pipelines and tasks, and how many items variants hand on.
 *
 * @module
 */
import { createEstimate } from './ewma.ts'
import type { Model, PipelineModel, Task, Variant } from './model.ts'
import type { Problem } from './strategy.ts'

export interface Observed {
  arrived(pipeline: PipelineModel, nowMs: number): void
  came(task: Task, count: number, nowMs: number): void
  /** An item was served, with so many items for each child task. */
  handed(variant: Variant, counts: readonly number[]): void
  ratePerS(pipeline: PipelineModel, nowMs: number): number
  /** Mean items for a child task: the paper's multiplicative factor. */
  factor(variant: Variant, childIndex: number): number
  /** All of it as of now. */
  snapshot(nowMs: number): Pick<Problem, 'ratePerS' | 'taskRatePerS' | 'factor'>
}

/** Means of fan-out count no more than so many items. */
const MEMORY = 2000
/** The file's fan-out counts as so many items seen. */
const PRIOR = 50

export function createObserved(
  model: Model,
  initialRatePerS: { [pipeline: string]: number },
): Observed {
  const initialOf = ({ parent, pipeline, childIndex }: Task): number =>
    parent === null
      ? initialRatePerS[pipeline.name] ?? 0
      : initialOf(parent) * parent.variants[0]!.fanOut[childIndex]!
  const roots = new Map(
    model.pipelines.map((one) => [one, createEstimate(initialRatePerS[one.name] ?? 0)]),
  )
  const tasks = new Map(model.tasks.map((task) => [task, createEstimate(initialOf(task))]))
  const handed = model.variants.map(({ fanOut }) => ({
    items: PRIOR,
    sums: fanOut.map((mean) => mean * PRIOR),
  }))

  const factor = ({ index }: Variant, child: number) =>
    handed[index]!.sums[child]! / handed[index]!.items

  return {
    arrived: (pipeline, nowMs) => roots.get(pipeline)!.count(nowMs),
    came: (task, count, nowMs) => tasks.get(task)!.count(nowMs, count),
    handed({ index }, counts) {
      const row = handed[index]!
      row.items++
      counts.forEach((count, i) => row.sums[i]! += count)
      if (row.items < MEMORY) return
      row.items /= 2
      row.sums = row.sums.map((sum) => sum / 2)
    },
    ratePerS: (pipeline, nowMs) => roots.get(pipeline)!.ratePerS(nowMs),
    factor,
    snapshot(nowMs) {
      const factors = model.variants.map((one) => one.fanOut.map((_, child) => factor(one, child)))
      return {
        ratePerS: new Map([...roots].map(([one, estimate]) => [one, estimate.ratePerS(nowMs)])),
        taskRatePerS: new Map([...tasks].map(([one, estimate]) => [one, estimate.ratePerS(nowMs)])),
        factor: ({ index }, child) => factors[index]![child]!,
      }
    },
  }
}

/**
 * Walks over the tree of tasks.
 *
 * @module
 */
import type { Pipeline, Task, Variant } from './schema.ts'

/** One variant for each task from the root down; `tasks[i]` is done by `variants[i]`. */
export interface Path {
  tasks: string[]
  variants: string[]
}

export function taskOf(pipeline: Pipeline, task: string): Task {
  const found = pipeline.tasks[task]
  if (found === undefined) throw new RangeError(`Cannot find task ${task} in ${pipeline.name}`)
  return found
}

export function variantOf(pipeline: Pipeline, task: string, variant: string): Variant {
  const found = taskOf(pipeline, task).variants[variant]
  if (found === undefined) {
    throw new RangeError(`Cannot find variant ${variant} of task ${task} in ${pipeline.name}`)
  }
  return found
}

/** Whether a task takes what all items before it gave as one. */
export const gathers = ({ tasks }: Pipeline): boolean =>
  Object.values(tasks).some(({ gather }) => gather === true)

/** Tasks from the root down, parents before children, in the order of `next`. */
export function tasksInOrder(pipeline: Pipeline): string[] {
  const order: string[] = []
  const visit = (task: string) => {
    order.push(task)
    taskOf(pipeline, task).next.forEach(visit)
  }
  visit(pipeline.root)
  return order
}

/** Chains of tasks from the root to each leaf. */
export function taskPaths(pipeline: Pipeline): string[][] {
  const walk = (task: string, above: string[]): string[][] => {
    const chain = [...above, task]
    const { next } = taskOf(pipeline, task)
    return next.length === 0 ? [chain] : next.flatMap((child) => walk(child, chain))
  }
  return walk(pipeline.root, [])
}

/** Beginnings of paths, whole ones among them: so many ways there are to have come to a task's variant. */
export function prefixCount(pipeline: Pipeline): number {
  const below = (task: string): number => {
    const { variants, next } = taskOf(pipeline, task)
    return Object.keys(variants).length * next.reduce((sum, child) => sum + below(child), 1)
  }
  return below(pipeline.root)
}

/** Every path from the root to a leaf: one variant a task. */
export function variantPaths(pipeline: Pipeline): Path[] {
  return taskPaths(pipeline).flatMap((tasks) => {
    let partial: string[][] = [[]]
    for (const task of tasks) {
      const variants = Object.keys(taskOf(pipeline, task).variants)
      partial = partial.flatMap((head) => variants.map((variant) => [...head, variant]))
    }
    return partial.map((variants) => ({ tasks, variants }))
  })
}

/** How many chains of tasks from the root the listed variants fit; full or partial paths. */
export function variantsOnPath(pipeline: Pipeline, variants: readonly string[]): number {
  const count = (task: string, depth: number): number => {
    const { variants: known, next } = taskOf(pipeline, task)
    if (!Object.hasOwn(known, variants[depth] ?? '')) return 0
    if (depth === variants.length - 1) return 1
    return next.reduce((sum, child) => sum + count(child, depth + 1), 0)
  }
  return count(pipeline.root, 0)
}

/** Mean number of items of a child task per item of `task` done by `variant`; 1 where not given. */
export function fanOutOf(variant: Variant, child: string): number {
  return variant.fanOut?.[child] ?? 1
}

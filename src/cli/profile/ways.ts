/**
 * Whole ways through a tree: one variant for every task, where a path is one for each task of one
 * branch. What a query costs is that of a way.
 *
 * @module
 */
import { whyNotOn } from '../../pipeline/runs_on.ts'
import type { Pipeline } from '../../pipeline/schema.ts'
import { taskOf, taskPaths, tasksInOrder, variantOf } from '../../pipeline/tree.ts'
import type { Profile, VariantProfile, Way } from './types.ts'

/** They are the product over all tasks, of branches beside each other too. */
export const MOST_WAYS = 10_000

/**
 * Every way, those of most accuracy first; none where the tree has one branch: paths say all.
 *
 * @returns `undefined` where there are over {@linkcode MOST_WAYS}
 */
export function waysOf(
  pipeline: Pipeline,
  variants: readonly VariantProfile[],
  paths: Profile['paths'],
): Way[] | undefined {
  const chains = taskPaths(pipeline)
  if (chains.length < 2) return []
  const tasks = tasksInOrder(pipeline)
  const accuracyOf = new Map(paths.map(({ path, accuracy }) => [path.join('\n'), accuracy]))
  let choices: { [task: string]: VariantProfile }[] = [{}]
  for (const task of tasks) {
    // Measured on a processor: what no processor is given would only look like a choice.
    const own = variants.filter((one) =>
      one.task === task && whyNotOn(variantOf(pipeline, task, one.variant), {}) === undefined
    )
    if (choices.length * own.length > MOST_WAYS) return undefined
    choices = choices.flatMap((some) => own.map((variant) => ({ ...some, [task]: variant })))
  }
  return choices.map((choice) => {
    const items = itemsOf(pipeline, choice)
    const leaves = chains.map((chain) => ({
      items: items.get(chain.at(-1)!)!,
      accuracy: accuracyOf.get(chain.map((task) => choice[task]!.variant).join('\n')) ?? 0,
    }))
    const all = leaves.reduce((sum, leaf) => sum + leaf.items, 0)
    return {
      variants: tasks.map((task) => choice[task]!.variant),
      // Where nothing is found nothing is right.
      accuracy: all === 0
        ? 0
        : leaves.reduce((sum, leaf) => sum + leaf.items * leaf.accuracy, 0) / all,
      ms: tasks.reduce((sum, task) => sum + items.get(task)! * msOf(choice[task]!), 0),
    }
  }).sort((a, b) => b.accuracy - a.accuracy)
}

/** Items cut into several rows take the model's time for each. */
export const msOf = ({ batches, rows, otherMs }: VariantProfile): number =>
  (batches[0]?.minMs ?? 0) * rows + otherMs

/** Those that no other way beats in both, most accurate first. */
export function worthTaking(ways: readonly Way[]): Way[] {
  let leastMs = Infinity
  return ways.filter(({ ms }) => {
    if (ms >= leastMs) return false
    leastMs = ms
    return true
  })
}

/** Items of each task for one query. */
function itemsOf(
  pipeline: Pipeline,
  choice: { [task: string]: VariantProfile },
): Map<string, number> {
  const items = new Map([[pipeline.root, 1]])
  for (const task of tasksInOrder(pipeline)) {
    for (const child of taskOf(pipeline, task).next) {
      items.set(child, items.get(task)! * (choice[task]!.fanOut[child] ?? 1))
    }
  }
  return items
}

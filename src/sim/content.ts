/**
 * What is in the queries: how many items each finds, and how accurate what served them was.
 *
 * The number of child items is Poisson with the variant's mean (or more spread, as the scenario says),
 * by the inverse of its distribution from one uniform per query and child task: the same for all
 * variants and policies. Below the
 * root's children, where a query has several parent items, each parent item has its own uniform.
 *
 * @module
 */
import { type PathAccuracy, pathAccuracyOf } from '../pipeline/accuracy.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import { fanOutOf, taskOf, variantOf } from '../pipeline/tree.ts'
import type { Answer, Handle, ItemOutcome } from '../policy/core/types.ts'
import { poissonCounts } from './random.ts'

/** The variants that served an item and its ancestors. The result handle of the item. */
interface Served {
  tasks: string[]
  variants: string[]
  accuracy: number
  below: Map<Serve, Served>
  /** Of a leaf: the same for every item. */
  outcome: ItemOutcome | null
}

interface ItemHandle {
  /** Names the item, the same for every variant and policy. */
  seed: number
  above: Served
}

interface Serve {
  task: string
  variant: string
  leaf: boolean
  children: { task: string; index: number; leaf: boolean; count: (uniform: number) => number }[]
}

export interface Content {
  /** The payload handle of a query's root item. */
  root(query: number): Handle
  outcome(payload: Handle, task: string, variant: string): ItemOutcome
  /** Mean path accuracy of the answer's leaf items, from the results that were really handed on. */
  accuracyOf(answer: Extract<Answer, { ok: true }>): number
}

/** A uniform in [0, 1) and a new name at once (the finaliser known from MurmurHash3). */
function mix(a: number, b: number): number {
  let hash = (Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 0x7f4a7c15, 0x85ebca6b)) >>> 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** @param fanOutSpread standard deviation of the number of child items over Poisson's */
export function createContent(pipeline: Pipeline, seed: number, fanOutSpread = 1): Content {
  const accuracy = pathAccuracyOf(pipeline)
  const start: Served = { tasks: [], variants: [], accuracy: 1, below: new Map(), outcome: null }
  const leafTasks = new Set(
    Object.keys(pipeline.tasks).filter((task) => taskOf(pipeline, task).next.length === 0),
  )
  const serves = new Map<string, Map<string, Serve>>()
  for (const [task, { variants, next }] of Object.entries(pipeline.tasks)) {
    const byVariant = new Map<string, Serve>()
    for (const variant of Object.keys(variants)) {
      byVariant.set(variant, {
        task,
        variant,
        leaf: next.length === 0,
        children: next.map((child, index) => ({
          task: child,
          index,
          leaf: taskOf(pipeline, child).next.length === 0,
          count: poissonCounts(fanOutOf(variantOf(pipeline, task, variant), child), fanOutSpread),
        })),
      })
    }
    serves.set(task, byVariant)
  }

  return {
    root: (query): ItemHandle => ({ seed: mix(seed, query), above: start }),

    outcome(payload, task, variant) {
      const { seed: name, above } = payload as ItemHandle
      const serve = serves.get(task)!.get(variant)!
      const served = below(above, serve, accuracy)
      if (served.outcome !== null) return served.outcome
      const children: { [task: string]: Handle[] } = {}
      for (const child of serve.children) {
        const drawn = mix(name, child.index)
        const count = child.count(drawn / 2 ** 32)
        // Leaf items are told apart by nothing: one handle serves them all.
        const shared: ItemHandle = { seed: drawn, above: served }
        children[child.task] = Array.from(
          { length: count },
          (_, i) => child.leaf ? shared : { seed: mix(drawn, i), above: served },
        )
      }
      return { ok: true, result: served, children }
    },

    accuracyOf({ items, accuracy: said }) {
      if (items.length === 0) return said
      let sum = 0
      let leaves = 0
      for (const { task, result } of items) {
        if (!leafTasks.has(task)) continue
        sum += (result as Served).accuracy
        leaves++
      }
      if (leaves > 0) return sum / leaves
      // No leaf was reached: the items that handed nothing on, at the accuracy of their prefix.
      const parents = new Set(items.map(({ parent }) => parent))
      const ends = items.filter((_, i) => !parents.has(i))
      return ends.reduce((sum, { result }) => sum + (result as Served).accuracy, 0) / ends.length
    },
  }
}

function below(above: Served, serve: Serve, accuracy: PathAccuracy): Served {
  const known = above.below.get(serve)
  if (known !== undefined) return known
  const tasks = [...above.tasks, serve.task]
  const variants = [...above.variants, serve.variant]
  const made: Served = {
    tasks,
    variants,
    accuracy: accuracy(tasks, variants),
    below: new Map(),
    outcome: null,
  }
  if (serve.leaf) made.outcome = { ok: true, result: made, children: {} }
  above.below.set(serve, made)
  return made
}

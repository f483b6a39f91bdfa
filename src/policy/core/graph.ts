/**
 * Pipelines prepared for decisions: tasks and variants as linked objects with indices, and every prefix of
 * a path with its accuracy, so that a decision only follows references.
 *
 * @module
 */
import { MOST_PREFIXES } from '../../pipeline/check.ts'
import type { Pipeline, Task } from '../../pipeline/schema.ts'
import { fanOutOf, taskOf } from '../../pipeline/tree.ts'
import { type PathAccuracy, pathAccuracyOf } from '../../pipeline/accuracy.ts'
import { GENERATE, generateTaskOf } from '../../pipeline/generate.ts'
import type { VariantRef } from './types.ts'

export interface VariantShape {
  /** Position among the variants of all pipelines. */
  index: number
  ref: VariantRef
  task: TaskShape
  accuracy: number
  referenceMs: number | undefined
  /** Mean items for each child task by the pipeline file, in the order of `task.next`. */
  fanOut: number[]
}

export interface TaskShape {
  /** Position among the tasks of all pipelines; and among those of its pipeline. */
  index: number
  position: number
  pipeline: PipelineShape
  name: string
  /** Steps from the root. */
  depth: number
  parent: TaskShape | null
  next: TaskShape[]
  variants: VariantShape[]
  /** Whether one item takes the results of all items of the task before it. */
  gathers: boolean
  /** Whether it generates token by token: items run side by side in a slot, each on its own. */
  generates: boolean
  /** Most items side by side in a slot. */
  rows: number
  /** ms before which no batch of the task is given up. */
  longestMs: number
}

/** One variant for each task from the root down to `variant.task`. */
export interface Prefix {
  /** Position among the prefixes of all pipelines; and among those of its pipeline. */
  index: number
  id: number
  variant: VariantShape
  parent: Prefix | null
  accuracy: number
  /** For each child task, one prefix for each of its variants; and the same as ways. */
  next: Prefix[][]
  ways: Way[]
  /** Highest minimum accuracy that the best paths through this prefix keep in all branches. */
  bestFloor: number
}

/**
 * How items reach a task: from the root, or behind a prefix. All items of one way have the same choices, so
 * that values computed for one hold for the others.
 */
export interface Way {
  /** Position among the ways of all pipelines. */
  index: number
  task: TaskShape
  /** The prefixes that serving such an item can lead to: one for each variant of the task. */
  prefixes: readonly Prefix[]
}

export interface PipelineShape {
  name: string
  pipeline: Pipeline
  root: TaskShape
  /** Parents before children. */
  tasks: TaskShape[]
  /** One prefix for each variant of the root; and the same as a way. */
  starts: Prefix[]
  start: Way
  prefixCount: number
  /** Distinct accuracies of whole paths, rising. A minimum accuracy is given as position in this list. */
  levels: number[]
  /** Highest minimum accuracy that a query can request and get. */
  bestFloor: number
}

export interface Shapes {
  pipelines: Map<string, PipelineShape>
  variants: VariantShape[]
  find(ref: VariantRef): VariantShape | undefined
  /** @throws RangeError as {@linkcode shapesOf} does */
  add(pipeline: Pipeline): PipelineShape
  /** Frees its indices for the next pipeline of the same structure, usually a later version. */
  remove(name: string): void
}

const keyOf = (ref: VariantRef) => `${ref.pipeline}\n${ref.task}\n${ref.variant}`

/** Prepares pipelines. @throws RangeError if two share a name, or one has too many paths */
export function shapesOf(pipelines: readonly Pipeline[]): Shapes {
  const byName = new Map<string, PipelineShape>()
  const variants: VariantShape[] = []
  const byKey = new Map<string, VariantShape>()
  const counts: Counts = { tasks: 0, variants: 0, prefixes: 0, ways: 0 }
  /** First indices of removed pipelines, by structure. */
  const free = new Map<string, Counts[]>()
  const firsts = new Map<PipelineShape, Counts>()
  const variantsOf = ({ tasks }: PipelineShape) => tasks.flatMap((task) => task.variants)

  function add(pipeline: Pipeline): PipelineShape {
    if (byName.has(pipeline.name)) {
      throw new RangeError(`Cannot schedule two pipelines of one name: received ${pipeline.name}`)
    }
    const found = free.get(makeUpOf(pipeline))?.pop()
    const first = { ...found ?? counts }
    const shape = shapeOf(pipeline, variants, found === undefined ? counts : { ...first })
    firsts.set(shape, first)
    byName.set(pipeline.name, shape)
    for (const variant of variantsOf(shape)) byKey.set(keyOf(variant.ref), variant)
    return shape
  }

  pipelines.forEach(add)
  return {
    ...{ pipelines: byName, variants, find: (ref) => byKey.get(keyOf(ref)), add },
    remove(name) {
      const shape = byName.get(name)
      if (shape === undefined) return
      byName.delete(name)
      for (const variant of variantsOf(shape)) byKey.delete(keyOf(variant.ref))
      const key = makeUpOf(shape.pipeline)
      free.set(key, [...free.get(key) ?? [], firsts.get(shape)!])
      firsts.delete(shape)
    },
  }
}

/** The structure that determines indices: tasks in order, and the variants of each. */
const makeUpOf = ({ root, tasks }: Pipeline): string =>
  JSON.stringify([
    root,
    Object.entries(tasks).map(([name, { next, variants }]) => [name, next, Object.keys(variants)]),
  ])

/** Number of each over all pipelines; or the next index of each. */
interface Counts {
  tasks: number
  variants: number
  prefixes: number
  ways: number
}

function shapeOf(pipeline: Pipeline, variants: VariantShape[], counts: Counts): PipelineShape {
  const shape: PipelineShape = {
    name: pipeline.name,
    pipeline,
    root: undefined as unknown as TaskShape,
    tasks: [],
    starts: [],
    start: undefined as unknown as Way,
    prefixCount: 0,
    levels: [],
    bestFloor: 0,
  }
  const addTask = (name: string, depth: number, parent: TaskShape | null): TaskShape => {
    const [index, position] = [counts.tasks++, shape.tasks.length]
    const task: TaskShape = {
      ...{ index, position, pipeline: shape, name, depth, parent, next: [], variants: [] },
      ...rulesOf(taskOf(pipeline, name)),
    }
    shape.tasks.push(task)
    const { next, variants: own } = taskOf(pipeline, name)
    for (const [variantName, variant] of Object.entries(own)) {
      const made: VariantShape = {
        index: counts.variants++,
        ref: { pipeline: pipeline.name, task: name, variant: variantName },
        task,
        accuracy: variant.accuracy,
        referenceMs: variant.referenceMs,
        fanOut: next.map((child) => fanOutOf(variant, child)),
      }
      variants[made.index] = made
      task.variants.push(made)
    }
    task.next = next.map((child) => addTask(child, depth + 1, task))
    return task
  }
  shape.root = addTask(pipeline.root, 0, null)
  addPrefixes(shape, pathAccuracyOf(pipeline), counts)
  return shape
}

const rulesOf = (task: Task): Pick<TaskShape, 'gathers' | 'generates' | 'rows' | 'longestMs'> => ({
  gathers: task.gather === true,
  longestMs: task.longestMs ?? 0,
  generates: task.kind === GENERATE,
  rows: task.kind === GENERATE ? generateTaskOf(task).rows : 1,
})

function addPrefixes(shape: PipelineShape, accuracyOf: PathAccuracy, counts: Counts): void {
  const wayOf = (task: TaskShape, prefixes: Prefix[]): Way => (
    { index: counts.ways++, task, prefixes }
  )
  const levels = new Set<number>()
  const extend = (task: TaskShape, parent: Prefix | null, above: string[][]): Prefix[] =>
    task.variants.map((variant) => {
      const tasks = [...above[0]!, task.name]
      const names = [...above[1]!, variant.ref.variant]
      const prefix: Prefix = {
        index: counts.prefixes++,
        id: shape.prefixCount++,
        variant,
        parent,
        accuracy: accuracyOf(tasks, names),
        next: [],
        ways: [],
        bestFloor: 0,
      }
      if (shape.prefixCount > MOST_PREFIXES) {
        throw new RangeError(`Cannot schedule ${shape.name}: more than ${MOST_PREFIXES} paths`)
      }
      prefix.next = task.next.map((child) => extend(child, prefix, [tasks, names]))
      prefix.ways = prefix.next.map((branch, child) => wayOf(task.next[child]!, branch))
      if (task.next.length === 0) levels.add(prefix.accuracy)
      prefix.bestFloor = prefix.next.reduce(
        (least, branch) => Math.min(least, bestOf(branch)),
        task.next.length === 0 ? prefix.accuracy : 1,
      )
      return prefix
    })
  shape.starts = extend(shape.root, null, [[], []])
  shape.start = wayOf(shape.root, shape.starts)
  shape.levels = [...levels].sort((a, b) => a - b)
  shape.bestFloor = bestOf(shape.starts)
}

const bestOf = (prefixes: readonly Prefix[]) =>
  prefixes.reduce((best, prefix) => Math.max(best, prefix.bestFloor), 0)

/**
 * Position in `levels` of the lowest path accuracy that is at least `minAccuracy`; the number of levels if
 * none is. A tolerance of 1e-9 allows for rounding of products.
 */
export function levelOf(shape: PipelineShape, minAccuracy: number | undefined): number {
  if (minAccuracy === undefined) return 0
  const at = shape.levels.findIndex((accuracy) => accuracy >= minAccuracy - 1e-9)
  return at < 0 ? shape.levels.length : at
}

/** Lowest path accuracy that satisfies a query; undefined if every path does, or none can. */
export function floorOf(
  shape: PipelineShape,
  minAccuracy: number | undefined,
): number | undefined {
  const level = levelOf(shape, minAccuracy)
  return level === 0 || minAccuracy! > shape.bestFloor + 1e-9 ? undefined : shape.levels[level]
}

/** The shortest SLO of all pipelines. */
export const leastSloMs = ({ pipelines }: Shapes): number =>
  [...pipelines.values()].reduce((least, { pipeline }) => Math.min(least, pipeline.sloMs), Infinity)

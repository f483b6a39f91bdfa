/**
 * Pipelines as the peers see them: tasks in order, variants from the most accurate down, paths.
 *
 * @module
 */
import { pathAccuracyOf } from '../pipeline/accuracy.ts'
import type { Pipeline } from '../pipeline/schema.ts'
import { fanOutOf, taskOf, tasksInOrder } from '../pipeline/tree.ts'
import type { VariantRef } from '../policy/core/types.ts'

export interface Variant {
  /** Over all pipelines. */
  index: number
  ref: VariantRef
  task: Task
  accuracy: number
  /** Mean items for each child task, by the file. */
  fanOut: number[]
  referenceMs: number | undefined
}

export interface Task {
  index: number
  pipeline: PipelineModel
  name: string
  parent: Task | null
  children: Task[]
  /** Position among its parent's children. */
  childIndex: number
  /** The most accurate first. */
  variants: Variant[]
}

export interface PipelineModel {
  name: string
  sloMs: number
  root: Task
  /** Parents before children. */
  tasks: Task[]
  /** Tasks from the root to each leaf. */
  chains: Task[][]
  /** Tasks on the longest chain. */
  depth: number
  start: Prefix
}

/** The variants that served an item and those above it; one object for each such chain. */
export interface Prefix {
  accuracy: number
  below: Map<Variant, Prefix>
  tasks: string[]
  variants: string[]
  pathAccuracy: ReturnType<typeof pathAccuracyOf>
}

export interface Model {
  pipelines: PipelineModel[]
  tasks: Task[]
  variants: Variant[]
  pipeline(name: string): PipelineModel | undefined
  find(ref: VariantRef): Variant | undefined
}

const keyOf = ({ pipeline, task, variant }: VariantRef) => `${pipeline}/${task}/${variant}`

export function createModel(pipelines: readonly Pipeline[]): Model {
  const tasks: Task[] = []
  const variants: Variant[] = []
  const models = pipelines.map((pipeline) => pipelineModel(pipeline, tasks, variants))
  const byName = new Map(models.map((model) => [model.name, model]))
  const byKey = new Map(variants.map((variant) => [keyOf(variant.ref), variant]))
  return {
    pipelines: models,
    tasks,
    variants,
    pipeline: (name) => byName.get(name),
    find: (ref) => byKey.get(keyOf(ref)),
  }
}

function pipelineModel(pipeline: Pipeline, tasks: Task[], variants: Variant[]): PipelineModel {
  const model = {
    name: pipeline.name,
    sloMs: pipeline.sloMs,
    tasks: [] as Task[],
    start: {
      accuracy: 1,
      below: new Map(),
      tasks: [],
      variants: [],
      pathAccuracy: pathAccuracyOf(pipeline),
    },
  } as unknown as PipelineModel
  const byName = new Map<string, Task>()
  for (const name of tasksInOrder(pipeline)) {
    const given = taskOf(pipeline, name)
    const task: Task = {
      index: tasks.length,
      pipeline: model,
      name,
      parent: null,
      children: [],
      childIndex: 0,
      variants: [],
    }
    task.variants = Object.entries(given.variants).map(([variant, one], i) => ({
      index: variants.length + i,
      ref: { pipeline: pipeline.name, task: name, variant },
      task,
      accuracy: one.accuracy,
      fanOut: given.next.map((child) => fanOutOf(one, child)),
      referenceMs: one.referenceMs,
    }))
    variants.push(...task.variants)
    task.variants.sort((a, b) => b.accuracy - a.accuracy)
    tasks.push(task)
    model.tasks.push(task)
    byName.set(name, task)
  }
  for (const task of model.tasks) {
    taskOf(pipeline, task.name).next.forEach((child, i) => {
      const below = byName.get(child)!
      below.parent = task
      below.childIndex = i
      task.children.push(below)
    })
  }
  model.root = model.tasks[0]!
  model.chains = model.tasks.filter(({ children }) => children.length === 0).map((leaf) => {
    const chain: Task[] = []
    for (let at: Task | null = leaf; at !== null; at = at.parent) chain.unshift(at)
    return chain
  })
  model.depth = Math.max(...model.chains.map(({ length }) => length))
  return model
}

/** The chain with this variant added. */
export function prefixBelow(above: Prefix, variant: Variant): Prefix {
  const known = above.below.get(variant)
  if (known !== undefined) return known
  const tasks = [...above.tasks, variant.ref.task]
  const variants = [...above.variants, variant.ref.variant]
  const { pathAccuracy } = above
  const made: Prefix = {
    accuracy: pathAccuracy(tasks, variants),
    below: new Map(),
    tasks,
    variants,
    pathAccuracy,
  }
  above.below.set(variant, made)
  return made
}

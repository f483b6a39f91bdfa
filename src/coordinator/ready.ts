/**
 * Whether what is served can be asked for: not only somehow, but as well as the nodes that are here
 * can do it.
 *
 * @module
 */
import type { Pipeline } from '../pipeline/schema.ts'
import type { VariantRef } from '../policy/core/types.ts'
import { holdsVariant, type PooledNode } from './nodes.ts'

export interface Readiness {
  /**
   * Whether of every task some node holds the most accurate variant that it is able to, or anything
   * at all once it loads no more, since its memory has no room or a load failed. From then on a warm
   * instance for every task is enough: who asks while nodes load something better is served as before.
   */
  isReady(pipeline: Pipeline): boolean
  /** Instances came or went. */
  look(): void
}

export interface ReadinessParts {
  nodes: ReadonlyMap<string, PooledNode>
  pipelines(): readonly Pipeline[]
  /** What a node is able to hold as it runs now. */
  ableOn(node: PooledNode): readonly VariantRef[]
}

export function createReadiness({ nodes, pipelines, ableOn }: ReadinessParts): Readiness {
  /** Names of those that were ready, and have been served ever since. */
  const known = new Set<string>()

  function isAtBest(node: PooledNode, pipeline: Pipeline, task: string): boolean {
    if (!isServed(node, pipeline, task)) return false
    if (node.loading.size === 0) return true
    const able = ableOn(node).filter((one) => one.pipeline === pipeline.name && one.task === task)
    const accuracyOf = ({ variant }: VariantRef) =>
      pipeline.tasks[task]?.variants[variant]?.accuracy ?? 0
    const most = Math.max(...able.map(accuracyOf))
    return able.some((one) => accuracyOf(one) === most && holdsVariant(node, one))
  }

  function isReady(pipeline: Pipeline): boolean {
    const all = [...nodes.values()]
    const tasks = Object.keys(pipeline.tasks)
    const every = (is: typeof isAtBest) =>
      tasks.every((task) => all.some((node) => is(node, pipeline, task)))
    if (!every(isServed)) known.delete(pipeline.name)
    else if (!known.has(pipeline.name) && every(isAtBest)) known.add(pipeline.name)
    return known.has(pipeline.name)
  }

  return {
    isReady,
    look: () => pipelines().forEach(isReady),
  }
}

const isServed = (node: PooledNode, { name }: Pipeline, task: string) =>
  node.tasks.has(`${name} ${task}`)

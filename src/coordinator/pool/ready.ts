/**
 * Whether pipelines are ready: served not only somehow, but as well as the present nodes can.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import type { VariantRef } from '../../policy/core/types.ts'
import { holdsInAll, type PooledNode } from '../nodes/nodes.ts'

export interface Readiness {
  /**
   * Whether the most accurate path is warm in every slot of some node, was rehearsed, and is in
   * time. Where it is not in time, as on a slow machine, or memory has no room for it: once nothing
   * more loads, so that the best path which is in time is warm. From then on a warm instance for
   * every task is enough: queries are served while nodes load something better.
   */
  isReady(pipeline: Pipeline): boolean
  /** Checks again: instances came or went. */
  recheck(): void
}

export interface ReadinessParts {
  nodes: ReadonlyMap<string, PooledNode>
  pipelines(): readonly Pipeline[]
  /** Variants that a node is able to hold as it runs now. */
  ableOn(node: PooledNode): readonly VariantRef[]
  /** Whether a lone query is in time on the most accurate path of a pipeline. */
  bestInTime?: ((pipeline: string) => boolean) | undefined
  /** Sends a trial query; resolves when it was answered, or will not be. */
  rehearse?: ((pipeline: Pipeline) => Promise<unknown>) | undefined
}

export function createReadiness(parts: ReadinessParts): Readiness {
  const { nodes, pipelines, ableOn, bestInTime = () => true, rehearse } = parts
  /** Names of pipelines that were ready, and have been served ever since. */
  const ready = new Set<string>()
  const rehearsed = new Set<string>()
  let rehearsing = false

  function isAtBest(node: PooledNode, pipeline: Pipeline, task: string): boolean {
    if (!isServed(node, pipeline, task)) return false
    if (node.loading.size === 0) return true
    const able = ableOn(node).filter((one) => one.pipeline === pipeline.name && one.task === task)
    const accuracyOf = ({ variant }: VariantRef) =>
      pipeline.tasks[task]?.variants[variant]?.accuracy ?? 0
    const most = Math.max(...able.map(accuracyOf))
    return able.some((one) => accuracyOf(one) === most && holdsInAll(node, one))
  }

  const everyTask = ({ tasks }: Pipeline, is: (node: PooledNode, task: string) => boolean) =>
    Object.keys(tasks).every((task) => [...nodes.values()].some((node) => is(node, task)))
  const isLoading = () => [...nodes.values()].some(({ loading }) => loading.size > 0)
  const isWarm = (one: Pipeline) => everyTask(one, (node, task) => isAtBest(node, one, task))

  /** Rehearses pipelines one after another, once first loads take no more time from them. */
  async function rehearseAll(ask: (pipeline: Pipeline) => Promise<unknown>): Promise<void> {
    if (rehearsing || isLoading() && !pipelines().every(isWarm)) return
    rehearsing = true
    for (const pipeline of pipelines()) {
      if (rehearsed.has(pipeline.name) || !isWarm(pipeline)) continue
      await ask(pipeline).catch(() => {})
      rehearsed.add(pipeline.name)
    }
    rehearsing = false
  }

  function isReady(pipeline: Pipeline): boolean {
    const { name } = pipeline
    if (!everyTask(pipeline, (node, task) => isServed(node, pipeline, task))) ready.delete(name)
    else if (!ready.has(name) && isWarm(pipeline) && (!rehearse || rehearsed.has(name))) {
      if (!isLoading() || bestInTime(name)) ready.add(name)
    }
    return ready.has(name)
  }

  return {
    isReady,
    recheck() {
      if (rehearse !== undefined) void rehearseAll(rehearse)
      pipelines().forEach(isReady)
    },
  }
}

const isServed = (node: PooledNode, { name }: Pipeline, task: string) =>
  node.tasks.has(`${name} ${task}`)

/**
 * A pipeline is replaced while it serves: nodes load the new version beside the old one, one node
 * after another; then new queries go to the new one, and the old one goes when its last query
 * ended.
 *
 * @module
 */
import type { Pipeline } from '../../pipeline/schema.ts'
import type { PolicyEvent, VariantRef } from '../../policy/core/types.ts'
import type { Log } from '../core/log.ts'
import type { PooledNode } from '../nodes/nodes.ts'
import type { ServedPipeline } from '../nodes/served.ts'
import type { Post } from '../scheduler/driver.ts'
import type { Versions } from './versions.ts'

export interface RenewalParts {
  versions: Versions
  nodes: ReadonlyMap<string, PooledNode>
  post: Post
  log: Log
  /** Tells a node what is served, and the scheduler which variants the node can hold. */
  offer(node: PooledNode): Extract<PolicyEvent, { type: 'node_joined' }>
  isReady(pipeline: Pipeline): boolean
  /** Whether rulings let a variant be held. */
  isOpen(ref: VariantRef): boolean
  /** Called when a new version is there, and is to be counted. */
  opened(pipeline: Pipeline): void
  /** Called when the scheduler knows the new version. */
  added(): void
  closed(pipeline: Pipeline): void
  /** Longest wait for all nodes, and in the end for one of each task. */
  patienceMs?: number
}

/** The new version cannot be served; the old one goes on. */
export class RenewalError extends Error {
  override name = 'RenewalError'
}

export interface Renewal {
  /** @throws RenewalError */
  renew(next: ServedPipeline, old: ServedPipeline): Promise<void>
  /** Called when a node holds a variant, failed to load one, or left. */
  noteNode(node: PooledNode, failure?: { pipeline: string; what: string; message: string }): void
}

interface Failure {
  node: PooledNode
  pipeline: string
  what: string
  message: string
}

const PATIENCE_MS = 60_000
/**
 * Number of nodes without an answer that are waited for one by one; after its turn a node loads on.
 */
const TURNS = 6

export function createRenewal(parts: RenewalParts): Renewal {
  const { versions, nodes, post, log } = parts
  const patienceMs = parts.patienceMs ?? PATIENCE_MS
  let failures: Failure[] = []
  let check = () => {}

  /** Resolves with true as soon as the condition holds, with false after `ms`. */
  function until(is: () => boolean, ms: number): Promise<boolean> {
    if (is()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const settle = (so: boolean) => {
        clearTimeout(timer)
        check = () => {}
        resolve(so)
      }
      const timer = setTimeout(() => settle(false), ms)
      check = () => is() && settle(true)
    })
  }

  const holds = (node: PooledNode, wanted: readonly string[]) =>
    Array.from({ length: node.slots }, (_, slot) => slot).every((slot) =>
      wanted.every((one) => node.instances.has(`${slot} ${one}`))
    )
  const failed = ({ name }: Pipeline, node: PooledNode) =>
    failures.some((one) => one.pipeline === name && one.node === node)

  /** Notes the first failure of a node with a pipeline. */
  function note(failure: Failure): void {
    failures = failures.filter(({ node }) => nodes.get(node.id) === node)
    const { pipeline, node } = failure
    const isNews = !failures.some((one) => one.pipeline === pipeline && one.node === node)
    const isServed = versions.all().some((one) => one.pipeline.name === pipeline)
    if (isNews && isServed) failures.push(failure)
  }

  /** Has nodes load a version. @throws RenewalError where most nodes cannot */
  async function load(pipeline: Pipeline): Promise<void> {
    const isRefused = () =>
      [...nodes.values()].filter((node) => failed(pipeline, node)).length > nodes.size / 2
    let leftMs = patienceMs
    // Nodes that join meanwhile are offered both versions at once.
    for (const node of [...nodes.values()]) {
      if (nodes.get(node.id) !== node) continue
      const { able, memoryBytes = Infinity } = parts.offer(node)
      const fits = able.reduce((sum, one) => sum + (one.memoryBytes ?? 0), 0) <= memoryBytes
      const wanted = able.filter((one) => one.pipeline === pipeline.name && parts.isOpen(one))
        .map(({ task, variant }) => `${pipeline.name} ${task} ${variant}`)
      const turnMs = Math.min(leftMs, patienceMs / TURNS)
      // Where memory has no room for both versions at once, the placement decides.
      const isDone = await until(
        () =>
          nodes.get(node.id) !== node || !fits || holds(node, wanted) ||
          failed(pipeline, node),
        turnMs,
      )
      if (!isDone) leftMs -= turnMs
      if (isRefused()) break
      if (!holds(node, wanted)) continue
      log(`node ${node.name} holds ${pipeline.name}`, 'info', {
        ...{ event: 'node_renewed', node: node.id, name: node.name, pipeline: pipeline.name },
      })
    }
    if (nodes.size === 0) return
    await until(() => parts.isReady(pipeline) || isRefused(), patienceMs)
    if (!isRefused() && parts.isReady(pipeline)) return
    const failure = failures.find((one) => one.pipeline === pipeline.name)
    throw new RenewalError(
      failure === undefined
        ? 'no node got ready with it: there may be no room for both versions'
        : `${failure.what}: ${failure.message}`,
    )
  }

  function drop(one: ServedPipeline, into: ServedPipeline): void {
    const event: PolicyEvent = {
      ...{ type: 'pipeline_removed', pipeline: one.pipeline.name, into: into.pipeline.name },
    }
    versions.remove(one)
    post(event)
    parts.closed(one.pipeline)
    for (const node of nodes.values()) parts.offer(node)
  }

  return {
    async renew(next, old) {
      failures = []
      versions.add(next)
      parts.opened(next.pipeline)
      post({ type: 'pipeline_added', pipeline: next.pipeline, replaces: old.pipeline.name })
      parts.added()
      try {
        await load(next.pipeline)
      } catch (error) {
        drop(next, old)
        throw error
      }
      versions.follow(next)
      post({
        ...{ type: 'pipeline_followed', from: old.pipeline.name, to: next.pipeline.name },
      })
      await versions.left(old)
      drop(old, next)
    },
    noteNode(node, failure) {
      if (failure !== undefined) note({ node, ...failure })
      check()
    },
  }
}

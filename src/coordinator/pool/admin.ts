/**
 * What whoever runs the coordinator may do to a node: hold it back, let it go on, say how much of it is
 * in use, let it leave when it is done, put it out.
 *
 * @module
 */
import { CLOSE, type Scale } from '../../protocol/mod.ts'
import { ApiError } from '../core/api_error.ts'
import type { Log } from '../core/log.ts'
import type { Link } from '../nodes/link.ts'
import { isPaused, type PooledNode } from '../nodes/nodes.ts'
import { boundNode } from '../nodes/scaling.ts'
import type { createBatches } from '../queries/batches.ts'
import type { Post } from '../scheduler/driver.ts'

export interface Admin {
  /** No new work; what runs is finished. Lasts until `resume`, over joins too. */
  pause(id: string): void
  /** Undoes `pause` and `remove`; a volunteer's own pause stays. */
  resume(id: string): void
  /** No more of its limits than that is in use from now on, over joins too. */
  scale(id: string, wish: Pick<Scale, 'slots' | 'duty'>): void
  /** No new work; what runs is finished, then the node leaves. It may join again. */
  drain(id: string): void
  /** Ends its link at once, has its work done elsewhere, and keeps it out. */
  remove(id: string): void
  isRemoved(id: string): boolean
  turnAway(link: Link): void
  /** Tells the scheduler of a pause, and of a bound, from before. */
  joined(node: PooledNode): void
}

/** Ids are the nodes' own to choose: their number is bounded, the oldest forgotten. */
const MAX_REMEMBERED = 1000
const REMOVED = 'removed by whoever runs the coordinator'

export function createAdmin({ nodes, batches, weighSilence, look, post, log }: {
  nodes: ReadonlyMap<string, PooledNode>
  batches: Pick<ReturnType<typeof createBatches>, 'abandon'>
  weighSilence(): void
  /** What nodes hold changed. */
  look(): void
  post: Post
  log: Log
}): Admin {
  const held = new Set<string>()
  const bounds = new Map<string, PooledNode['bound']>()
  const removed = new Set<string>()

  function find(id: string): PooledNode {
    const node = nodes.get(id)
    if (node === undefined) throw new ApiError('not_found', `Cannot find node ${id.slice(0, 128)}`)
    return node
  }

  function hold(node: PooledNode, is: boolean): void {
    node.held = is
    post({ type: 'node_reported', node: node.id, paused: isPaused(node) })
    weighSilence()
  }

  const say = ({ id, name }: PooledNode, what: string, action: string) =>
    log(`node ${name} ${what}`, 'info', { event: 'node_admin', action, node: id, name })

  return {
    pause(id) {
      const node = find(id)
      remember(held, id)
      hold(node, true)
      say(node, 'is paused from here', 'pause')
    },
    resume(id) {
      const wasRemoved = removed.delete(id)
      const wasHeld = held.delete(id)
      const node = nodes.get(id)
      if (node === undefined && (wasRemoved || wasHeld)) return
      hold(find(id), false)
      say(find(id), 'is let go on', 'resume')
    },
    scale(id, wish) {
      const node = find(id)
      say(node, 'is told how much of it is to be in use', 'scale')
      post(boundNode(node, wish))
      bounds.delete(id)
      bounds.set(id, node.bound)
      forgetOldest(bounds)
      look()
      weighSilence()
    },
    drain(id) {
      const node = find(id)
      // Held at once: the node's own word that it takes no more may be a while coming.
      hold(node, true)
      say(node, 'is asked to leave when it is done', 'drain')
      node.link.send({ type: 'drain', reason: 'asked by the coordinator' })
    },
    remove(id) {
      const node = find(id)
      remember(removed, id)
      hold(node, true)
      say(node, 'is removed', 'remove')
      batches.abandon(node, 'the node was removed')
      node.link.send({ type: 'drain', reason: REMOVED })
      node.link.close(1000, REMOVED)
    },
    isRemoved: (id) => removed.has(id),
    turnAway: (link) =>
      link.refuse(CLOSE.unauthorized, {
        reason: 'unauthorized',
        message: `Cannot join: ${REMOVED}`,
      }),
    joined(node) {
      const bound = bounds.get(node.id)
      if (bound !== undefined) post(boundNode(node, bound))
      if (held.has(node.id)) hold(node, true)
    },
  }
}

function remember(ids: Set<string>, id: string): void {
  ids.add(id)
  forgetOldest(ids)
}

function forgetOldest(ids: Set<string> | Map<string, unknown>): void {
  const [oldest] = ids.keys()
  if (ids.size > MAX_REMEMBERED && oldest !== undefined) ids.delete(oldest)
}

/**
 * What an admin may do to a node: pause it, resume it, limit how much of it is in use, have it
 * leave when its work is done, remove it.
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
  /** The node gets no new work; what runs is finished. Lasts until `resume`, over joins too. */
  pause(id: string): void
  /** Undoes `pause` and `remove`; a volunteer's own pause stays. */
  resume(id: string): void
  /** Limits how much of the node is in use, over joins too. */
  scale(id: string, wish: Pick<Scale, 'slots' | 'duty'>): void
  /** The node gets no new work; what runs is finished, then it leaves. It may join again. */
  drain(id: string): void
  /** Closes the node's link at once, has its work run elsewhere, and lets it join no more. */
  remove(id: string): void
  isRemoved(id: string): boolean
  /** Refuses the link of a removed node. */
  refuse(link: Link): void
  /** Applies a pause, and a limit, from before the node joined. */
  joined(node: PooledNode): void
}

/** Ids remembered, which nodes choose: beyond that the oldest is forgotten. */
const MAX_REMEMBERED = 1000
const REMOVED = 'removed by whoever runs the coordinator'

export function createAdmin({ nodes, batches, weighSilence, recheck, post, log }: {
  nodes: ReadonlyMap<string, PooledNode>
  batches: Pick<ReturnType<typeof createBatches>, 'abandon'>
  weighSilence(): void
  /** Called when the variants that nodes hold changed. */
  recheck(): void
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

  const note = ({ id, name }: PooledNode, what: string, action: string) =>
    log(`node ${name} ${what}`, 'info', { event: 'node_admin', action, node: id, name })

  return {
    pause(id) {
      const node = find(id)
      remember(held, id)
      hold(node, true)
      note(node, 'is paused from here', 'pause')
    },
    resume(id) {
      const wasRemoved = removed.delete(id)
      const wasHeld = held.delete(id)
      const node = nodes.get(id)
      if (node === undefined && (wasRemoved || wasHeld)) return
      hold(find(id), false)
      note(find(id), 'is let go on', 'resume')
    },
    scale(id, wish) {
      const node = find(id)
      note(node, 'gets new limits', 'scale')
      post(boundNode(node, wish))
      bounds.delete(id)
      bounds.set(id, node.bound)
      forgetOldest(bounds)
      recheck()
      weighSilence()
    },
    drain(id) {
      const node = find(id)
      // The pause holds at once: the node's own report of it may take a while.
      hold(node, true)
      note(node, 'is asked to leave when it is done', 'drain')
      node.link.send({ type: 'drain', reason: 'asked by the coordinator' })
    },
    remove(id) {
      const node = find(id)
      remember(removed, id)
      hold(node, true)
      note(node, 'is removed', 'remove')
      batches.abandon(node, 'the node was removed')
      node.link.send({ type: 'drain', reason: REMOVED })
      node.link.close(1000, REMOVED)
    },
    isRemoved: (id) => removed.has(id),
    refuse: (link) =>
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

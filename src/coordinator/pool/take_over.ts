/**
 * Which link a node has: the newer of two links takes over; a coordinator that ends releases all.
 *
 * @module
 */
import { CLOSE, type Hello } from '../../protocol/mod.ts'
import type { Link } from '../nodes/link.ts'
import type { createMembers } from '../nodes/members.ts'
import type { PooledNode } from '../nodes/nodes.ts'

/** Whether the new link takes the old one's place; the other of the two is closed. */
export function takesOver(
  link: Link,
  hello: Hello,
  old: PooledNode,
  members: Pick<ReturnType<typeof createMembers>, 'mayReplace'>,
): boolean {
  if (hello.epoch < old.hello.epoch) {
    link.close(CLOSE.replaced, 'a newer link of this node is open')
    return false
  }
  if (!members.mayReplace(old.link, link)) return false
  old.link.refuse(CLOSE.replaced, {
    reason: 'replaced',
    message: 'Another link of the same node took over',
  })
  return true
}

/**
 * Closes all links. Nodes wait for the next coordinator; own nodes are ended by their parent
 * process.
 */
export function releaseAll(links: readonly Link[]): void {
  const reason = 'the coordinator is shutting down'
  for (const link of links) {
    link.send({ type: 'drain', reason, rejoin: true })
    link.close(1001, reason)
  }
}

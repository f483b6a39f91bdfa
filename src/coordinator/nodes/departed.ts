/**
 * Nodes that left, for answers that name them: they may have run some of a query's batches.
 *
 * @module
 */
import type { PooledNode } from './nodes.ts'

/** Facts about a node that answers hold. */
export type NamedNode = Pick<PooledNode, 'id' | 'name' | 'backend' | 'fallbacks'>

/** The longest deadline: after it no query is left that the node had a part in. */
const KEEP_MS = 600_000
/** Nodes remembered; beyond that the node that left first is forgotten. */
const MOST = 1000

export function createDeparted(now: () => number) {
  /** By id, in the order in which they left. */
  const left = new Map<string, { node: NamedNode; atMs: number }>()

  return {
    add({ id, name, backend, fallbacks }: NamedNode): void {
      left.delete(id)
      left.set(id, { node: { id, name, backend, fallbacks }, atMs: now() })
      for (const [id, { atMs }] of left) {
        if (left.size <= MOST && now() - atMs <= KEEP_MS) return
        left.delete(id)
      }
    },
    find: (id: string): NamedNode | undefined => left.get(id)?.node,
  }
}

/**
 * Nodes that left, for answers that name them: some of a query's batches may have been theirs.
 *
 * @module
 */
import type { PooledNode } from './nodes.ts'

/** What answers tell of a node. */
export type NamedNode = Pick<PooledNode, 'id' | 'name' | 'backend' | 'fallbacks'>

/** Of a query the longest deadline: by then all are answered that a node had a part in. */
const KEEP_MS = 600_000
/** Those that left last: more is no pool but one that comes and goes. */
const MOST = 1000

export function createDeparted(now: () => number) {
  /** In the order of their leaving. */
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

/**
 * How much nodes have shown, and which queries those are kept from that have shown nothing.
 *
 * Whoever joins could take every query and answer none. So beside nodes that are known to work a new
 * one is given work that no query waits for, until it has shown that it works, too; and a pool can do
 * what the others can do. A new node is still given what only it can do.
 *
 * @module
 */
import type { TaskShape } from '../core/graph.ts'

/**
 * How much a node has shown since it came, or last failed: nothing; that it works; that it is right
 * for good. An own one need not show anything, nor does anybody where nobody is checked.
 */
export const PROOF = { none: 0, works: 1, right: 2, own: 3 } as const
export type Proof = (typeof PROOF)[keyof typeof PROOF]

/** Names of the pipelines of which these groups can do every task. */
export function servedBy(groups: readonly { tasks: readonly TaskShape[] }[]): ReadonlySet<string> {
  const tasks = new Set(groups.flatMap(({ tasks }) => tasks))
  const pipelines = new Set([...tasks].map(({ pipeline }) => pipeline))
  const served = [...pipelines].filter((one) => one.tasks.every((task) => tasks.has(task)))
  return new Set(served.map(({ name }) => name))
}

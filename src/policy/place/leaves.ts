/**
 * Leaf items behind the prefix of a path, the most accurate variants taken from there on: a query's
 * accuracy is counted at its leaf items.
 *
 * @module
 */
import type { Prefix } from '../core/graph.ts'

/** Shares of the leaf items that the branches below one item of `prefix` lead to. */
export function branchShares(prefix: Prefix): number[] {
  const { variant } = prefix
  if (variant.task.next.length === 1) return [1]
  const counts = variant.fanOut.map((items, child) => items * leavesOf(bestOf(prefix, child)))
  const sum = counts.reduce((total, count) => total + count, 0)
  return counts.map((count) => sum > 0 ? count / sum : 1 / counts.length)
}

const leavesMemo = new WeakMap<Prefix, number>()
const bestMemo = new WeakMap<Prefix, number>()

/** Leaf items expected after one item of `prefix`. */
function leavesOf(prefix: Prefix): number {
  const { fanOut, task } = prefix.variant
  if (task.next.length === 0) return 1
  let leaves = leavesMemo.get(prefix)
  if (leaves === undefined) {
    leaves = fanOut.reduce((sum, n, child) => sum + n * leavesOf(bestOf(prefix, child)), 0)
    leavesMemo.set(prefix, leaves)
  }
  return leaves
}

const bestOf = (prefix: Prefix, child: number): Prefix =>
  prefix.next[child]!.reduce((best, one) => bestAfter(one) > bestAfter(best) ? one : best)

/** Best mean path accuracy over the leaves after `prefix`, branches weighed by their leaf items. */
export function bestAfter(prefix: Prefix): number {
  if (prefix.variant.task.next.length === 0) return prefix.accuracy
  let best = bestMemo.get(prefix)
  if (best === undefined) {
    const shares = branchShares(prefix)
    best = shares.reduce((sum, share, child) => sum + bestAfter(bestOf(prefix, child)) * share, 0)
    bestMemo.set(prefix, best)
  }
  return best
}

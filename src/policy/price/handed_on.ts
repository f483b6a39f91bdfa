/**
 * Where a query's accuracy is counted: at its leaf items, in equal parts; for a query whose first task
 * hands nothing on, at that task, with the accuracy of the variant that ran.
 *
 * @module
 */
import type { FanOut } from '../estimate/fanout.ts'
import type { Prefix, Shapes, VariantShape } from '../core/graph.ts'

/** Items handed on, by variant index, in the order of the task's `next`. */
export interface HandedOn {
  /** Mean number of items for each child task. */
  fanOut: number[][]
  /** Share of items that hand nothing on to a child task, indexed alike; 0 if absent. */
  none?: number[][]
}

/** The learned values. */
export function handedOnBy(
  { variants }: Shapes,
  fanOut: Pick<FanOut, 'mean' | 'none'>,
): Required<HandedOn> {
  const each = (of: FanOut['mean']) =>
    variants.map((variant) => variant.task.next.map((_, child) => of(variant, child)))
  return { fanOut: each(fanOut.mean), none: each(fanOut.none) }
}

/**
 * Share of the accuracy that queries on this prefix count at it: 1 at a leaf; at the first task, the share
 * of queries that hand nothing on, with branches taken as independent. Later tasks count 0: fewer queries
 * end there, and less of their path is left.
 */
export function endShare(
  { next, parent, variant }: Prefix,
  { none }: Pick<HandedOn, 'none'>,
): number {
  if (next.length === 0) return 1
  const chances = none?.[variant.index]
  if (parent !== null || chances === undefined) return 0
  return chances.reduce((all, chance) => all * chance, 1)
}

/** @returns a function for the shares of leaf items that each child task of a prefix leads to */
export function leafShares(
  { fanOut }: Pick<HandedOn, 'fanOut'>,
): (prefix: Prefix) => number[] {
  const leavesOf = (prefix: Prefix): number[] =>
    prefix.next.map((branch, child) => {
      const count = fanOut[prefix.variant.index]![child] ?? 1
      // The mean over the child task's variants, with equal weights.
      return count * sumOf(branch.map(below)) / Math.max(branch.length, 1)
    })
  const below = (prefix: Prefix): number => prefix.next.length === 0 ? 1 : sumOf(leavesOf(prefix))
  return (prefix) => {
    if (prefix.next.length < 2) return prefix.next.map(() => 1)
    const leaves = leavesOf(prefix)
    const all = sumOf(leaves)
    return leaves.map((count) => all > 0 ? count / all : 1 / leaves.length)
  }
}

/** Highest mean accuracy of queries that begin with one of these prefixes; 0 if none is open. */
export function bestMean(
  starts: readonly Prefix[],
  handedOn: HandedOn,
  isOpen: (variant: VariantShape) => boolean,
): number {
  const sharesOf = leafShares(handedOn)
  const bestOf = (prefixes: readonly Prefix[]): number =>
    prefixes.reduce((best, one) => isOpen(one.variant) ? Math.max(best, meanOf(one)) : best, 0)
  const meanOf = (prefix: Prefix): number => {
    const ends = endShare(prefix, handedOn)
    const shares = sharesOf(prefix)
    const after = prefix.next.map((branch, child) => shares[child]! * bestOf(branch))
    return ends * prefix.accuracy + (1 - ends) * sumOf(after)
  }
  return bestOf(starts)
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

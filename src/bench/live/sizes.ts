/**
 * What batches of several items took in a live run, where a node's profile says nothing of so many.
 *
 * @module
 */
import { OUTLIER } from './pace.ts'

/** A batch over what one item alone takes on its node in that step, by its profile. */
export interface Grown {
  variant: string
  size: number
  /** That, in ms. */
  oneMs: number
  times: number
}

/** Fewer of one size say nothing. */
const LEAST = 5

/**
 * By variant and size: how many times as long as one item a batch took, all nodes and steps together.
 * One that was held up counts for no more than three times the items that it had.
 */
export function grownBy(all: readonly Grown[]): { [variant: string]: { [size: number]: number } } {
  const sums = new Map<string, { tookMs: number; oneMs: number; count: number }>()
  for (const { variant, size, oneMs, times } of all) {
    const key = `${variant} ${size}`
    const sum = sums.get(key) ?? { tookMs: 0, oneMs: 0, count: 0 }
    sums.set(key, sum)
    sum.tookMs += oneMs * Math.min(times, OUTLIER * size)
    sum.oneMs += oneMs
    sum.count++
  }
  const found: ReturnType<typeof grownBy> = {}
  for (const [key, { tookMs, oneMs, count }] of sums) {
    const [variant, size] = key.split(' ') as [string, string]
    if (count >= LEAST) (found[variant] ??= {})[Number(size)] = tookMs / oneMs
  }
  return found
}

/**
 * Allowances: the time budgets, few per variant, that a plan may use. A class serves an allowance with
 * its largest batch that fits.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'
import { type Compiled, demandOf, type Pace, paceWithin, type Quickest } from './compile.ts'

export interface Allowance {
  timeMs: number
  /** By class index; undefined if not even the smallest batch fits. */
  paces: (Pace | undefined)[]
}

/** By variant index, rising in time; empty if no class can run the variant. */
export type Allowances = readonly (readonly Allowance[])[]

/** Items per second of all slots together within an allowance. */
export const rateWithin = ({ classes }: Compiled, { paces }: Allowance): number =>
  paces.reduce((sum, pace, i) => sum + (pace?.ratePerS ?? 0) * classes[i]!.slots, 0)

/**
 * At most `most` allowances per variant, none longer than the budget minus the quickest other tasks. A
 * single allowance is the fair one, which all tasks of a path can have at once. Two allowances of slots
 * with one variant each are the fair one and the shortest: given the shortest and the longest, one task of
 * a path could take the longest and leave only the quickest devices for all other tasks.
 */
export function allowancesOf(compiled: Compiled, quickest: Quickest, most: number): Allowances {
  const { classes, shapes } = compiled
  const areWhole = classes.some(({ holds }) => holds === 'one')
  return shapes.variants.map((variant) => {
    const all = allWithin(compiled, variant, longestMs(compiled, quickest, variant))
    const fairMs = fairTimeMs(compiled, quickest, variant)
    const fair = all.findLast(({ timeMs }) => timeMs <= fairMs + 1e-9)
    return fair !== undefined && (most === 1 || areWhole && most === 2 && all.length > 2)
      ? withFair(all, fair, most)
      : thin(all, Math.max(2, most), (allowance) => rateWithin(compiled, allowance))
  })
}

function allWithin(compiled: Compiled, variant: VariantShape, limitMs: number): Allowance[] {
  const { classes } = compiled
  const own = classes.map(({ paces }) => paces[variant.index]!)
  const times = new Set(own.flatMap((paces) => paces.map(({ timeMs }) => timeMs)))
  return [...times].filter((timeMs) => timeMs <= limitMs + 1e-9).sort((a, b) => a - b)
    .map((timeMs) => ({ timeMs, paces: own.map((one) => paceWithin(one, timeMs)) }))
}

/** Longest time of a variant if all other tasks of its paths run on their quickest variant. */
function longestMs(compiled: Compiled, quickest: Quickest, variant: VariantShape): number {
  const { task } = variant
  let leftMs = demandOf(compiled, variant).budgetMs - quickest.after(task)
  for (const before of above(task)) leftMs -= quickest.from(before) - quickest.after(before)
  return leftMs
}

/** Time that all tasks of the longest path can have at once. */
function fairTimeMs(compiled: Compiled, quickest: Quickest, variant: VariantShape): number {
  const { task } = variant
  const ownMs = quickest.from(task) - quickest.after(task)
  return ownMs +
    (longestMs(compiled, quickest, variant) - ownMs) / longestPath(task.pipeline.root)
}

export const longestPath = (task: TaskShape): number =>
  1 + task.next.reduce((most, child) => Math.max(most, longestPath(child)), 0)

/** The tasks above this one, from the root down. */
function above(task: TaskShape): TaskShape[] {
  const trail = (from: TaskShape): TaskShape[] | null => {
    if (from === task) return []
    for (const child of from.next) {
      const rest = trail(child)
      if (rest !== null) return [from, ...rest]
    }
    return null
  }
  return trail(task.pipeline.root) ?? []
}

function withFair(all: Allowance[], fair: Allowance, most: number): Allowance[] {
  if (most === 1) return [fair]
  const [first, last] = [all[0]!, all.at(-1)!]
  return [first, fair === first ? last : fair]
}

/**
 * The shortest, the longest, and between them the allowances whose loss costs most rate: the area between
 * the rate over all times and the rate over the kept times.
 */
function thin(
  all: Allowance[],
  most: number,
  rateOf: (allowance: Allowance) => number,
): Allowance[] {
  if (all.length <= most) return all
  const rates = all.map(rateOf)
  const kept = new Set([0, all.length - 1])
  while (kept.size < most) {
    let [best, bestGain] = [-1, -1]
    for (let i = 1; i < all.length - 1; i++) {
      if (kept.has(i)) continue
      const before = Math.max(...[...kept].filter((k) => k < i))
      const after = Math.min(...[...kept].filter((k) => k > i))
      const gain = (rates[i]! - rates[before]!) *
        (Math.log(all[after]!.timeMs) - Math.log(all[i]!.timeMs))
      if (gain > bestGain) [best, bestGain] = [i, gain]
    }
    kept.add(best)
  }
  return all.filter((_, i) => kept.has(i))
}

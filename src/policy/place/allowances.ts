/**
 * Allowances: the few time budgets that a variant may get. A class serves an allowance with its
 * largest batch that fits.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'
import { type Compiled, demandOf, type Pace, paceWithin, type Quickest } from './compile.ts'

export interface Allowance {
  timeMs: number
  /** By index of class; undefined where not even its smallest batch fits. */
  paces: (Pace | undefined)[]
}

/** By index of variant, rising in time; empty where no class is able. */
export type Allowances = readonly (readonly Allowance[])[]

/** Items per second that all slots do within an allowance. */
export const rateWithin = ({ classes }: Compiled, { paces }: Allowance): number =>
  paces.reduce((sum, pace, i) => sum + (pace?.ratePerS ?? 0) * classes[i]!.slots, 0)

/**
 * At most so many a variant, none longer than what is left of the budget by the quickest of all else.
 * Where there is room for one allowance only it is that which every task of a path can have at once.
 * Where there is for two and slots hold one variant, it and the shortest: of the shortest and the
 * longest one task of a path could have the longest, and all others would be left to the quickest
 * devices.
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

/** What a variant may take where all else of its paths is done by the quickest. */
function longestMs(compiled: Compiled, quickest: Quickest, variant: VariantShape): number {
  const { task } = variant
  let leftMs = demandOf(compiled, variant).budgetMs - quickest.after(task)
  for (const before of above(task)) leftMs -= quickest.from(before) - quickest.after(before)
  return leftMs
}

/** What every task of the longest path can have at once. */
function fairTimeMs(compiled: Compiled, quickest: Quickest, variant: VariantShape): number {
  const { task } = variant
  const ownMs = quickest.from(task) - quickest.after(task)
  return ownMs +
    (longestMs(compiled, quickest, variant) - ownMs) / longestPath(task.pipeline.root)
}

export const longestPath = (task: TaskShape): number =>
  1 + task.next.reduce((most, child) => Math.max(most, longestPath(child)), 0)

/** The tasks from the root to the one before this. */
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
 * The shortest, the longest, and between them those whose rate is missed most where they are not:
 * the area between the rate by all times and the rate by the kept ones.
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

/**
 * Allowances: the few time budgets that a variant may get. A class serves an allowance with its
 * largest batch that fits.
 *
 * @module
 */
import { type Compiled, type Pace, paceWithin } from './compile.ts'
import type { VariantShape } from '../shape.ts'

export interface Allowance {
  timeMs: number
  /** By index of class; undefined where not even its smallest batch fits. */
  paces: (Pace | undefined)[]
  /** Items that all slots that can do it take in one round of batches. */
  roundItems: number
}

export interface Allowances {
  /** By index of variant, rising in time; empty where no class is able. */
  of: Allowance[][]
  /** Times were left out to keep to `most` a variant. */
  thinned: boolean
}

/**
 * `longestMs`: what is left of the budget by the quickest of everything else. `fairMs`: what every
 * task of a path can have at once. Where there is room for one allowance only it is that. Where there
 * is for two and slots hold one variant, it and the shortest: of the shortest and the longest one task
 * of a path could have the longest, and all others would be left to the quickest devices.
 */
export function allowancesOf(
  { classes, demands, shapes }: Compiled,
  longestMs: (variant: VariantShape) => number,
  fairMs: (variant: VariantShape) => number,
  most: number,
): Allowances {
  let thinned = false
  const areWhole = classes.some(({ holds }) => holds === 'one')
  const of = shapes.variants.map((variant) => {
    const limitMs = longestMs(variant)
    const { siblings } = demands.find(({ pipeline }) => pipeline.name === variant.ref.pipeline)!
    const times = new Set<number>()
    for (const { paces } of classes) {
      for (const { timeMs } of paces[variant.index]!) {
        if (timeMs <= limitMs + 1e-9) times.add(timeMs)
      }
    }
    const all = [...times].sort((a, b) => a - b).map((timeMs): Allowance => {
      const paces = classes.map((one) => paceWithin(one.paces[variant.index]!, timeMs))
      const items = paces.reduce((sum, pace, i) => sum + (pace?.batch ?? 0) * classes[i]!.slots, 0)
      return { timeMs, paces, roundItems: siblings ? Math.max(items, 1) : Infinity }
    })
    const fair = all.findLast(({ timeMs }) => timeMs <= fairMs(variant) + 1e-9)
    const kept = fair !== undefined && (most === 1 || areWhole && most === 2 && all.length > 2)
      ? withFair(all, fair, most)
      : thin(
        all,
        Math.max(2, most),
        (allowance) =>
          allowance.paces.reduce(
            (sum, pace, i) => sum + (pace?.ratePerS ?? 0) * classes[i]!.slots,
            0,
          ),
      )
    if (kept.length < all.length) thinned = true
    return kept
  })
  return { of, thinned }
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

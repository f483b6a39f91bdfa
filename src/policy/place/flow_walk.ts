/**
 * Writes down every flow of all pipelines that fits its budget and is not dominated: no step of it
 * could have a longer allowance for nothing.
 *
 * @module
 */
import { endShare } from '../frontier/counted.ts'
import type { Prefix, TaskShape, VariantShape } from '../shape.ts'
import type { Allowances } from './allowances.ts'
import { branchShares, type Compiled } from './compile.ts'

export interface Step {
  variant: VariantShape
  /** Position among the variant's allowances. */
  allowance: number
  /** Items per root query. */
  items: number
}

export interface Flow {
  demand: number
  steps: Step[]
  /** The junction it comes from, and its branch there; -1 at the root. */
  from: number
  branch: number
  /** The junction it leads to; -1 where it ends at a leaf. */
  to: number
  /** At a leaf: share of the root query's leaf items. */
  weight: number
  /** What it adds to the accuracy of the root query. */
  gain: number
  end: Prefix
}

export interface Flows {
  flows: Flow[]
  /** Branches of each junction. */
  junctions: number[]
  allowances: Allowances
  pruned: boolean
}

/** Quickest time to serve `count` items of a variant, by any class, and all that follows. */
export function createQuickest(compiled: Compiled) {
  const fastest = compiled.shapes.variants.map((variant) =>
    Math.min(...compiled.classes.map((one) => one.paces[variant.index]![0]?.timeMs ?? Infinity))
  )
  const memo = new Map<TaskShape, number>()
  const after = (task: TaskShape): number =>
    task.next.reduce((most, child) => Math.max(most, from(child)), 0)
  const from = (task: TaskShape): number => {
    let ms = memo.get(task)
    if (ms === undefined) {
      ms = Math.min(...task.variants.map(({ index }) => fastest[index]!)) + after(task)
      memo.set(task, ms)
    }
    return ms
  }
  return { from, after }
}

/** How far a chain of tasks has come. */
interface Trail {
  demand: number
  steps: Step[]
  from: number
  branch: number
  /** Time left for what follows. */
  leftMs: number
  /** Times that the steps so far take, and would take with their next allowance. */
  nextMs: (number | undefined)[]
  weight: number
  /** Share of the root query's accuracy that is still to be counted, of its branch alone. */
  left: number
  gain: number
}

export function flowsWithin(
  compiled: Compiled,
  allowances: Allowances,
  chosen: ReadonlySet<VariantShape>,
  quickest: ReturnType<typeof createQuickest>,
): Flows {
  const { maxColumns, maxRows } = compiled.options.effort
  const flows: Flow[] = []
  const junctions: number[] = []
  let rows = 0
  let pruned = false

  const timeOf = (variant: VariantShape, allowance: number, items: number) => {
    const { timeMs, roundItems } = allowances.of[variant.index]![allowance]!
    return timeMs * Math.max(1, Math.ceil(items / roundItems - 1e-9))
  }

  function walk(prefixes: readonly Prefix[], items: number, trail: Trail): void {
    for (const prefix of prefixes) {
      const { variant } = prefix
      if (!chosen.has(variant)) continue
      const count = allowances.of[variant.index]!.length
      const spareMs = trail.leftMs - quickest.after(variant.task)
      const fits = [...Array(count).keys()].filter((a) =>
        timeOf(variant, a, items) <= spareMs + 1e-6
      )
      // Nothing follows a leaf: the longest allowance that fits is best.
      const tried = variant.task.next.length === 0 ? fits.slice(-1) : fits
      for (const allowance of tried) {
        if (pruned) return
        const ms = timeOf(variant, allowance, items)
        const next = allowance + 1 < count ? timeOf(variant, allowance + 1, items) - ms : undefined
        const ends = trail.left * endShare(prefix, compiled)
        step(prefix, items, {
          ...trail,
          left: trail.left - ends,
          gain: trail.gain + ends * prefix.accuracy,
          steps: [...trail.steps, { variant, allowance, items }],
          leftMs: trail.leftMs - ms,
          nextMs: [...trail.nextMs, next],
        })
      }
    }
  }

  function step(prefix: Prefix, items: number, trail: Trail): void {
    const { task, fanOut } = prefix.variant
    if (task.next.length === 1) return walk(prefix.next[0]!, items * fanOut[0]!, trail)
    const { demand, steps, from, branch, weight, left, gain } = trail
    const flow = { demand, steps, from, branch, to: -1, weight: 0, gain, end: prefix }
    if (task.next.length === 0) {
      // A step that could have had more time at no cost: the flow that gives it is written too.
      const dominated = trail.nextMs.some((more) => more !== undefined && more <= trail.leftMs)
      if (dominated) return
      flows.push({ ...flow, weight })
    } else {
      if (!canFollow(prefix, items, trail.leftMs)) return
      const to = junctions.push(task.next.length) - 1
      rows += task.next.length
      flows.push({ ...flow, to })
      const shares = branchShares(prefix)
      task.next.forEach((_, child) =>
        walk(prefix.next[child]!, items * fanOut[child]!, {
          demand,
          steps: [],
          from: to,
          branch: child,
          leftMs: trail.leftMs,
          nextMs: [],
          weight: weight * shares[child]!,
          left: left * shares[child]!,
          gain: 0,
        })
      )
    }
    if (flows.length > maxColumns || rows > maxRows) pruned = true
  }

  /** Whether every branch has a way to its leaves in the time left. */
  function canFollow(prefix: Prefix, items: number, leftMs: number): boolean {
    return prefix.next.every((after, child) =>
      after.some((next) => {
        if (!chosen.has(next.variant)) return false
        const some = items * prefix.variant.fanOut[child]!
        return allowances.of[next.variant.index]!.some((_, a) => {
          const rest = leftMs - timeOf(next.variant, a, some)
          return rest >= quickest.after(next.variant.task) - 1e-6 && canFollow(next, some, rest)
        })
      })
    )
  }

  compiled.demands.forEach(({ starts, budgetMs }, demand) =>
    walk(starts, 1, {
      ...{ demand, steps: [], from: -1, branch: 0, leftMs: budgetMs, nextMs: [] },
      ...{ weight: 1, left: 1, gain: 0 },
    })
  )
  return { flows, junctions, allowances, pruned }
}

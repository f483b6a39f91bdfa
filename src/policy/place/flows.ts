/**
 * Flows of root queries over a pipeline's tree: which variants within which allowances. Those are
 * written down that fit the budget and are not dominated: no step could have a longer allowance for
 * nothing.
 *
 * A flow covers a chain of tasks down to a leaf or to a task with several children. There it ends in
 * a junction, from which every branch carries the whole flow on: so branches agree on the variants
 * that they share.
 *
 * @module
 */
import { endShare } from '../price/handed_on.ts'
import type { Prefix, VariantShape } from '../core/graph.ts'
import { type Allowances, allowancesOf, rateWithin } from './allowances.ts'
import { branchShares, type Compiled, Quickest } from './compile.ts'
import { place } from './params.ts'

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
}

/** Time of slots of a kind that a variant gets within an allowance. */
export interface Share {
  column: number
  kind: number
  variant: VariantShape
  allowance: number
  itemsPerS: number
}

/** With as many allowances a variant, and variants a task, as a program has room for. */
export function flowsOf(compiled: Compiled): Flows {
  const quickest = new Quickest(compiled)
  const counts = Array.from({ length: place.allowances }, (_, i) => place.allowances - i)
  let found = flowsWithin(compiled, quickest, counts[0]!, Infinity)
  for (const most of counts.slice(1)) {
    if (found.isCut) found = flowsWithin(compiled, quickest, most, Infinity)
  }
  for (const variants of [4, 3, 2, 1]) {
    if (found.isCut) found = flowsWithin(compiled, quickest, 1, variants)
  }
  return found
}

/** The most accurate of each task, the quickest, and others spread between them by accuracy. */
function variantsWithin(
  compiled: Compiled,
  allowances: Allowances,
  most: number,
): Set<VariantShape> {
  const chosen = new Set<VariantShape>()
  const usable = compiled.shapes.variants.filter(({ index }) => allowances[index]!.length > 0)
  const speed = ({ index }: VariantShape) => rateWithin(compiled, allowances[index]!.at(-1)!)
  for (const all of Map.groupBy(usable, ({ task }) => task).values()) {
    const quick = all.reduce((best, one) => speed(one) > speed(best) ? one : best)
    chosen.add(quick)
    const rest = all.filter((v) => v !== quick).sort((a, b) => b.accuracy - a.accuracy)
    const wanted = Math.min(most - 1, rest.length)
    for (let i = 0; i < wanted; i++) chosen.add(rest[Math.floor(i * rest.length / wanted)]!)
  }
  return chosen
}

/** How far a chain of tasks has come. */
interface Trail {
  demand: number
  steps: Step[]
  from: number
  branch: number
  /** Time left for what follows. */
  leftMs: number
  /** Times that the steps so far would take more with their next allowance. */
  nextMs: (number | undefined)[]
  weight: number
  /** Share of the root query's accuracy that is still to be counted, of its branch alone. */
  left: number
  gain: number
}

/**
 * `isCut`: some were left out, since there are more than a program has room for.
 *
 * @param most allowances of a variant
 * @param variants of a task at most
 */
function flowsWithin(
  compiled: Compiled,
  quickest: Quickest,
  most: number,
  variants: number,
): Flows & { isCut: boolean } {
  const allowances = allowancesOf(compiled, quickest, most)
  const chosen = variantsWithin(compiled, allowances, variants)
  const flows: Flow[] = []
  const junctions: number[] = []
  let rows = 0
  let isCut = false

  const timeOf = ({ index }: VariantShape, allowance: number) =>
    allowances[index]![allowance]!.timeMs

  function walk(prefixes: readonly Prefix[], items: number, trail: Trail): void {
    for (const prefix of prefixes) {
      const { variant } = prefix
      if (!chosen.has(variant)) continue
      const count = allowances[variant.index]!.length
      const mostMs = trail.leftMs - quickest.after(variant.task)
      const fits = [...Array(count).keys()].filter((a) => timeOf(variant, a) <= mostMs + 1e-6)
      // Nothing follows a leaf: the longest allowance that fits is best.
      const tried = variant.task.next.length === 0 ? fits.slice(-1) : fits
      for (const allowance of tried) {
        if (isCut) return
        const ms = timeOf(variant, allowance)
        const next = allowance + 1 < count ? timeOf(variant, allowance + 1) - ms : undefined
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
    const { demand, steps, from, branch, weight, leftMs, left, gain } = trail
    const flow = { demand, steps, from, branch, to: -1, weight: 0, gain, end: prefix }
    if (task.next.length === 0) {
      // A step that could have had more time at no cost: the flow that gives it is written too.
      if (trail.nextMs.some((more) => more !== undefined && more <= leftMs)) return
      flows.push({ ...flow, weight })
    } else {
      if (!canFollow(prefix, leftMs)) return
      const to = junctions.push(task.next.length) - 1
      rows += task.next.length
      flows.push({ ...flow, to })
      const shares = branchShares(prefix)
      task.next.forEach((_, child) => {
        const part = { weight: weight * shares[child]!, left: left * shares[child]!, gain: 0 }
        const start = { demand, steps: [], from: to, branch: child, leftMs, nextMs: [] }
        walk(prefix.next[child]!, items * fanOut[child]!, { ...start, ...part })
      })
    }
    if (flows.length > place.maxColumns || 8 * rows > place.maxColumns) isCut = true
  }

  /** Whether every branch has a path to its leaves in the time left. */
  function canFollow({ next }: Prefix, leftMs: number): boolean {
    return next.every((after) =>
      after.some((one) =>
        chosen.has(one.variant) && allowances[one.variant.index]!.some(({ timeMs }) => {
          const restMs = leftMs - timeMs
          return restMs >= quickest.after(one.variant.task) - 1e-6 && canFollow(one, restMs)
        })
      )
    )
  }

  compiled.demands.forEach(({ starts, budgetMs: leftMs }, demand) => {
    const start = { demand, steps: [], from: -1, branch: 0, leftMs, nextMs: [] }
    walk(starts, 1, { ...start, weight: 1, left: 1, gain: 0 })
  })
  return { flows, junctions, allowances, isCut }
}

/**
 * The flows from a pipeline's root to all of its leaves whose values sum up to the most; undefined
 * where none reach every leaf. Of the same value the first.
 */
export function bestFlows(
  { flows, junctions }: Flows,
  demand: number,
  valueOf: (flow: Flow) => number,
): Flow[] | undefined {
  const from = Map.groupBy(flows, (flow) => `${flow.from} ${flow.branch}`)
  const memo = new Map<Flow, { value: number; chain: Flow[] }>()
  const bestOf = (some: readonly Flow[]) => {
    let best: { value: number; chain: Flow[] } | undefined
    for (const flow of some) {
      const one = chainOf(flow)
      if (one.value > (best?.value ?? -Infinity)) best = one
    }
    return best
  }
  function chainOf(flow: Flow): { value: number; chain: Flow[] } {
    const known = memo.get(flow)
    if (known !== undefined) return known
    let [value, chain] = [valueOf(flow), [flow]]
    for (let branch = 0; branch < (flow.to < 0 ? 0 : junctions[flow.to]!); branch++) {
      const next = bestOf(from.get(`${flow.to} ${branch}`) ?? [])
      value += next?.value ?? -Infinity
      chain = [...chain, ...next?.chain ?? []]
    }
    memo.set(flow, { value, chain })
    return { value, chain }
  }
  return bestOf(flows.filter((flow) => flow.from < 0 && flow.demand === demand))?.chain
}

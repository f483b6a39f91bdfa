/**
 * What the time of each group is worth when the pool is full: the dual of carrying the most queries.
 * With it, work on unlike devices adds up: an item costs its time on the group where that is
 * cheapest, and the cheapest ways of all tasks of a query together take 1 / (most queries per
 * millisecond) of the pool.
 *
 *   most of: sum over pipelines of share x Z
 *   Z <= cost of each root prefix
 *   cost of a prefix <= items x price of its variant + sum over child tasks of the cheapest of them
 *   price of a variant <= price of the group x time of an item there
 *   sum over groups of price x slots <= 1
 *
 * @module
 */
import { solve as solveLp } from 'yalps'
import type { Prefix, Shapes } from '../shape.ts'
import type { FrontierProblem, GroupCapacity } from './problem.ts'

type Coefficients = [string, number][]

const MAX_PIVOTS = 4000
const MAX_ROWS = 600
/** So much of the price is the same for all slots: what is plentiful now is not free for ever. */
const EVEN = 0.1

/** By index of group: share of its whole island that a millisecond of one of its slots is. */
export function groupPrices(shapes: Shapes, problem: FrontierProblem): number[] {
  const { groups } = problem
  const islands = new Set(groups.map(islandOf))
  if (islands.size < 2) return pricesOf(shapes, problem)
  const prices = groups.map(() => 0)
  for (const number of islands) {
    const found = pricesOf(shapes, onlyIsland(problem, number))
    groups.forEach((group, g) => {
      if (islandOf(group) === number) prices[g] = found[g]!
    })
  }
  return prices
}

const islandOf = ({ island = 0 }: GroupCapacity) => island

/** As if there were nothing else. */
function onlyIsland(problem: FrontierProblem, number: number): FrontierProblem {
  return {
    ...problem,
    services: problem.services.map((own) =>
      own.filter(({ group }) => islandOf(problem.groups[group]!) === number)
    ),
    groups: problem.groups.map((group) =>
      islandOf(group) === number ? group : { ...group, duty: 0 }
    ),
  }
}

function pricesOf(shapes: Shapes, problem: FrontierProblem): number[] {
  const { groups, services, fanOut, ratesPerS } = problem
  const capacity = groups.reduce((sum, { duty }) => sum + duty, 0)
  const even = groups.map(() => capacity > 0 ? 1 / capacity : 0)
  if (groups.filter(({ duty }) => duty > 0).length < 2) return even
  const variables = new Map<string, Coefficients>()
  const constraints = new Map<string, { max: number }>([['pool', { max: 1 }]])
  const add = (name: string, row: string, value: number) => {
    const own = variables.get(name)
    if (own === undefined) variables.set(name, [[row, value]])
    else own.push([row, value])
  }
  // In units of the mean cost of an item, so that coefficients stay near 1.
  const costs = services.flat().map(({ costMs }) => costMs)
  const unit = costs.reduce((a, b) => a + b, 0) / Math.max(costs.length, 1) / capacity
  let rows = 0
  const total = ratesPerS.reduce((sum, rate) => sum + rate, 0)
  const priced = new Set<number>()

  /** Adds the rows of a prefix; false when something on it cannot be served. */
  const addPrefix = (prefix: Prefix, items: number, names: [string, string]): boolean => {
    const { variant } = prefix
    if (services[variant.index]!.length === 0) return false
    if (
      prefix.next.some((branch) => branch.every((n) => services[n.variant.index]!.length === 0))
    ) {
      return false
    }
    priced.add(variant.index)
    const [bound, row] = names
    constraints.set(row, { max: 0 })
    rows++
    add(bound, row, 1)
    add(`u${variant.index}`, row, -items)
    prefix.next.forEach((branch, child) => {
      const count = fanOut[variant.index]![child] ?? 1
      const cheapest = `d${row} ${child}`
      add(cheapest, row, -1)
      branch.forEach((next, i) => {
        if (rows < MAX_ROWS) addPrefix(next, items * count, [cheapest, `${row} ${child} ${i}`])
      })
    })
    return true
  }

  let p = 0
  for (const shape of shapes.pipelines.values()) {
    const share = total > 0 ? ratesPerS[p]! / total : 0
    if (share > 0) {
      const any = shape.starts.map((start, i) => addPrefix(start, 1, [`z${p}`, `r${p} ${i}`]))
      if (any.includes(true)) add(`z${p}`, 'score', share)
    }
    p++
  }
  for (const index of priced) {
    for (const { group, costMs } of services[index]!) {
      const row = `p${index} ${group}`
      constraints.set(row, { max: 0 })
      add(`u${index}`, row, 1)
      add(`g${group}`, row, -costMs / unit / capacity)
    }
  }
  groups.forEach(({ duty }, g) => add(`g${g}`, 'pool', duty / capacity))
  const { status, variables: values } = solveLp(
    { direction: 'maximize', objective: 'score', constraints, variables },
    { maxPivots: MAX_PIVOTS },
  )
  if (status !== 'optimal') return even
  const prices = groups.map(() => 0)
  for (const [name, value] of values) {
    if (name[0] === 'g') prices[Number(name.slice(1))] = value / capacity
  }
  return prices.map((price) => (1 - EVEN) * price + EVEN / capacity)
}

/**
 * Floors: minimum accuracies that queries ask for. Each task must be held in variants that reach the
 * floor, enough for the queries that ask for it.
 *
 *   for each floor, and each task of the cheapest path that reaches it:
 *     short + work of slots with variants at least as accurate as that path's >= 1 (of those queries)
 *   minimise: short
 *
 * @module
 */
import { waitingS } from '../estimate/demand.ts'
import { arrivals } from '../estimate/params.ts'
import type { VariantShape } from '../core/graph.ts'
import type { Compiled, Kind } from './compile.ts'
import { bestFlows, type Flow, type Flows, type Share, type Step } from './flows.ts'
import { addColumn, addEntry, addRow, type Model } from './model.ts'
import { place } from './params.ts'

/** Requirement of a floor for one task. */
interface Need {
  step: Step
  /** Items per second, with a margin for random peaks. */
  itemsPerS: number
}

interface Reach {
  /** Penalty for falling short of the floor. */
  price: number
  needs: Need[]
}

export function addFloors(
  { compiled, flows, model, shares }: {
    compiled: Compiled
    flows: Flows
    model: Model
    shares: readonly Share[]
  },
): void {
  for (const { price, needs } of reachesOf(compiled, flows)) {
    const rows = needs.map((need) => {
      const row = addRow(model, { min: 1 })
      for (const { column, variant, itemsPerS } of shares) {
        if (isAsGood(variant, need)) addEntry(model, column, row, partOf(itemsPerS, need))
      }
      return row
    })
    addColumn(model, rows.map((row) => [row, 1]), { upper: 1, objective: -price })
  }
}

/**
 * Penalty of sets of variants for unmet floors; 0 without floors. Each task counts on its own, so that sets
 * can be compared that meet none in full.
 */
export function lostToFloors(compiled: Compiled, flows: Flows): (kinds: readonly Kind[]) => number {
  const reaches = reachesOf(compiled, flows)
  const shortOf = (kinds: readonly Kind[], need: Need) =>
    kinds.reduce((short, { class: one, variants, slots }) => {
      const parts = variants.filter((variant) => isAsGood(variant, need))
        .map(({ index }) => partOf(one.paces[index]!.at(-1)!.ratePerS, need))
      return short - slots * Math.max(0, ...parts)
    }, 1)
  return (kinds) =>
    reaches.reduce((lost, { price, needs }) => {
      const shorts = needs.map((need) => Math.max(0, shortOf(kinds, need)))
      return lost + price * shorts.reduce((sum, short) => sum + short, 0) / needs.length
    }, 0)
}

const isAsGood = ({ task, accuracy }: VariantShape, { step: { variant } }: Need) =>
  task === variant.task && accuracy >= variant.accuracy - 1e-9

/** Share of a need that one slot meets. */
const partOf = (ratePerS: number, { itemsPerS }: Pick<Need, 'itemsPerS'>) =>
  Math.min(1 / place.floorSlots, ratePerS / Math.max(itemsPerS, 1e-9))

/** Needs of all floors that some path reaches in time. */
function reachesOf(compiled: Compiled, flows: Flows): Reach[] {
  const reaches: Reach[] = []
  compiled.demands.forEach(({ pipeline: { floors = [], sloMs } }, demand) => {
    let perS = 0
    // Queries with a higher floor use the same slots: rates add up from the top.
    for (const floor of floors.toSorted((a, b) => b.accuracy - a.accuracy)) {
      perS += floor.ratePerS
      const steps = cheapestPath(compiled, flows, demand, floor.accuracy)
      if (steps === undefined) continue
      const mostPerS = withChance(perS, sloMs)
      const needs = steps.map((step) => ({ step, itemsPerS: mostPerS * step.items }))
      const slots = needs.reduce(
        (sum, need) => sum + 1 / partOf(mostPerSlot(compiled, flows, need.step), need),
        0,
      )
      const share = Math.min(1, slots / Math.max(compiled.slots, 1))
      const price = Math.max(2 * place.gap, place.floorShort * share / floors.length)
      reaches.push({ price, needs })
    }
  })
  return reaches
}

/** Items per second of a slot of the quickest class for a step. */
function mostPerSlot(
  { classes }: Compiled,
  { allowances }: Flows,
  { variant, allowance }: Step,
): number {
  const { paces } = allowances[variant.index]![allowance]!
  return Math.max(...classes.map(({ index }) => paces[index]?.ratePerS ?? 0))
}

/** The rate with a margin for random peaks over a while, minus what the SLO lets wait. */
function withChance(perS: number, sloMs: number): number {
  const spanS = Math.max(1, arrivals.horizon * sloMs / 1000)
  const most = perS * spanS + place.floorDeviations * Math.sqrt(perS * spanS)
  return Math.max(arrivals.least * perS, most / (spanS + waitingS(sloMs)))
}

/** Steps of the path with least slot time that reaches this accuracy at every leaf. */
function cheapestPath(
  compiled: Compiled,
  flows: Flows,
  demand: number,
  accuracy: number,
): Step[] | undefined {
  const slotTimeOf = (step: Step) => step.items / Math.max(mostPerSlot(compiled, flows, step), 1e-9)
  const valueOf = ({ to, end, steps }: Flow) =>
    to < 0 && end.accuracy < accuracy - 1e-9
      ? -Infinity
      : -steps.reduce((sum, step) => sum + slotTimeOf(step), 0)
  return bestFlows(flows, demand, valueOf)?.flatMap(({ steps }) => steps)
}

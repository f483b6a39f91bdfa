/**
 * In which order slots change, and how many at a time: a pool between two plans may carry less than
 * either, and a slot that loads does half. They change so that most is carried meanwhile, and as few
 * together as what the others carry asks for.
 *
 * @module
 */
import type { Compiled, Demand } from './compile.ts'
import { afterLettingGo, bestCourse, type Value } from './course.ts'
import type { Flows } from './flow_walk.ts'
import { lostToFloors } from './floors.ts'
import type { Kind } from './given.ts'
import { holdingsOf, keyOfHoldings, slotsOf } from './holdings.ts'
import { type Counted, solveModel } from './lp.ts'
import { newModel } from './model.ts'
import { addPeak, withPeak } from './peak.ts'
import type { PlacedMove } from './placement.ts'
import { bestWave, moved } from './waves.ts'

export interface Order {
  first: PlacedMove[]
  /** Slots that are to change at one time; absent where no move was weighed. */
  atOnce?: number
}

/** In a pool of more slots than this each move stands for several. */
const FEW_SLOTS = 40
/** Of all slots no more change at one time. */
const SHARE = 0.25
const LEAST = 2
/** What has to be carried while slots load: the demand, and what chance adds to it, in deviations. */
const CARRIED = 1.05
const CHANCE = 3

/** Slots that a plan has change at one time at most, of so many. */
export const mostAtOnce = (slots: number): number => Math.max(LEAST, Math.ceil(SHARE * slots))

export function orderOf(
  compiled: Compiled,
  flows: Flows,
  held: readonly Kind[],
  wanted: readonly Kind[],
  counted: Counted,
): Order {
  if (held.length === 0 || compiled.classes.every(({ holds }) => holds === 'all')) {
    return { first: [] }
  }
  const value = valueOf(compiled, flows, counted)
  const { classes } = compiled
  const slots = classes.reduce((sum, one) => sum + one.slots, 0)
  const size = Math.ceil(slots / FEW_SLOTS)
  const change = { classes, start: holdingsOf(held), goal: holdingsOf(wanted), size }
  const start = afterLettingGo(change, value)
  const steps = bestCourse({ ...change, start }, value)
  if (steps.length === 0) return { first: [] }
  let before = start
  const first = steps.map((step): PlacedMove => {
    const { from, to, slots } = step
    const had = slotsOf(before, to)
    before = moved(before, step)
    return {
      class: from.class.given.name,
      from: from.variants.map(({ ref }) => ref),
      to: to.variants.map(({ ref }) => ref),
      ...{ slots, had },
    }
  })
  const most = Math.max(1, Math.floor(mostAtOnce(slots) / size))
  return { first, atOnce: size * bestWave(start, steps, most, value) }
}

/** What these slots carry of the demand of a moment, and how accurately. */
function valueOf(compiled: Compiled, flows: Flows, counted: Counted): Value {
  const lost = lostToFloors(compiled, flows)
  const asked = withPeak(
    compiled,
    ({ ratePerS }: Demand) => Math.max(CARRIED * ratePerS, ratePerS + CHANCE * Math.sqrt(ratePerS)),
  )
  const known = new Map<string, number>()
  return (holdings) => {
    const kinds = [...holdings.values()]
    const key = keyOfHoldings(holdings)
    let value = known.get(key)
    if (value === undefined) {
      const model = newModel()
      addPeak({ compiled: asked, kinds, goal: { name: 'accuracy' } }, model)
      const { status, objective } = solveModel(model, counted)
      known.set(key, value = status === 'optimal' ? objective - lost(kinds) : -Infinity)
    }
    return value
  }
}

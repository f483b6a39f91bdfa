/**
 * In which order slots change, and how many at a time: a pool between two plans may carry less than
 * either, and a slot that loads does half. First what leaves most while it loads and brings most once
 * it is there; and as few together as what the others carry asks for.
 *
 * @module
 */
import type { Compiled, Demand } from './compile.ts'
import type { Kind } from './given.ts'
import { type Holdings, holdingsOf, keyOfKind, lacking, slotsOf, surplus } from './holdings.ts'
import { type Counted, solveModel } from './lp.ts'
import { newModel } from './model.ts'
import { addPeak, withPeak } from './peak.ts'
import type { PlacedMove } from './placement.ts'
import { bestWave, loading, moved, type Step } from './waves.ts'

export interface Order {
  first: PlacedMove[]
  /** Slots that are to change at one time; absent where no move was weighed. */
  atOnce?: number
}

/** Moves that are weighed; what comes after them waits for other plans. */
const MOST = 6
/** Pairs of what is held and what shall be that are weighed for one of them. */
const MOST_PAIRS = 36
/** In a pool of more slots than this each move stands for several. */
const FEW_SLOTS = 40
/** Of all slots no more change at one time. */
const SHARE = 0.25
const LEAST = 2
/** What has to be carried while slots load: the demand, and what chance adds to it, in deviations. */
const CARRIED = 1.05
const CHANCE = 2

/** What is held while all steps so far load, what once they have, and what it is to come to. */
interface Course {
  during: Holdings
  after: Holdings
  goal: Holdings
  /** Slots that one step stands for. */
  size: number
}

/** Slots that a plan has change at one time at most, of so many. */
export const mostAtOnce = (slots: number): number => Math.max(LEAST, Math.ceil(SHARE * slots))

export function orderOf(
  compiled: Compiled,
  held: readonly Kind[],
  wanted: readonly Kind[],
  counted: Counted,
): Order {
  if (held.length === 0 || compiled.classes.every(({ holds }) => holds === 'all')) {
    return { first: [] }
  }
  const value = valueOf(compiled, counted)
  let start = holdingsOf(held)
  const goal = holdingsOf(wanted)
  const slots = compiled.classes.reduce((sum, one) => sum + one.slots, 0)
  const size = Math.ceil(slots / FEW_SLOTS)
  const steps: Step[] = []
  let during = start
  let after = start
  while (steps.length < MOST) {
    const step = bestStep(compiled, { during, after, goal, size }, value)
    if (step === undefined) break
    after = moved(after, step)
    if (lacking(step.from, step.to) > 0) {
      during = loading(during, step)
      steps.push(step)
    } else {
      // Nothing is to be loaded: it only lets go.
      during = moved(during, step)
      start = moved(start, step)
    }
  }
  if (steps.length === 0) return { first: [] }
  const first = steps.map(({ from, to }) => ({
    class: from.class.given.name,
    from: from.variants.map(({ ref }) => ref),
    to: to.variants.map(({ ref }) => ref),
  }))
  const most = Math.max(1, Math.floor(mostAtOnce(slots) / size))
  return { first, atOnce: size * bestWave(start, steps, most, value) }
}

/** What these slots carry of the demand of a moment, and how accurately. */
function valueOf(compiled: Compiled, counted: Counted): (holdings: Holdings) => number {
  const asked = withPeak(
    compiled,
    ({ ratePerS }: Demand) => Math.max(CARRIED * ratePerS, ratePerS + CHANCE * Math.sqrt(ratePerS)),
  )
  const known = new Map<string, number>()
  return (holdings) => {
    const kinds = [...holdings.values()]
    const key = kinds.map((kind) => `${keyOfKind(kind)}:${kind.slots}`).sort().join(';')
    let value = known.get(key)
    if (value === undefined) {
      const model = newModel()
      addPeak({ compiled: asked, kinds, goal: { name: 'accuracy' } }, model)
      const { status, objective } = solveModel(model, counted)
      known.set(key, value = status === 'optimal' ? objective : -Infinity)
    }
    return value
  }
}

/** The one that loses least while it loads and brings most, of those that load fewest variants. */
function bestStep(
  { classes }: Compiled,
  { during, after, goal, size }: Course,
  value: (holdings: Holdings) => number,
): Step | undefined {
  let steps: Step[] = []
  let fewest = Infinity
  for (const one of classes) {
    for (const from of surplus(after, goal, one)) {
      for (const to of surplus(goal, after, one)) {
        const loads = lacking(from, to)
        if (loads > fewest) continue
        if (loads < fewest) steps = []
        fewest = loads
        const slots = Math.min(
          size,
          from.slots - slotsOf(goal, from),
          to.slots - slotsOf(after, to),
        )
        steps.push({ from, to, slots })
      }
    }
  }
  let best: { step: Step; value: number } | undefined
  for (const step of steps.slice(0, MOST_PAIRS)) {
    const worth = value(loading(during, step)) + value(moved(after, step))
    if (best === undefined || worth > best.value) best = { step, value: worth }
  }
  return best?.step
}

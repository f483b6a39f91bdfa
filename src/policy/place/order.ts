/**
 * In which order slots change, and how many at a time: a pool between two plans may carry less than
 * either, and a slot that loads does half. First what leaves most while it loads and brings most once
 * it is there; and as few together as what the others carry asks for.
 *
 * @module
 */
import { type Compiled, type Demand } from './compile.ts'
import type { Kind } from './given.ts'
import {
  changed,
  type Holdings,
  holdingsOf,
  keyOfKind,
  lacking,
  slotsOf,
  surplus,
} from './holdings.ts'
import { type Counted, solveModel } from './lp.ts'
import { newModel } from './model.ts'
import { addPeak, withPeak } from './peak.ts'
import type { PlacedMove } from './placement.ts'

export interface Order {
  first: PlacedMove[]
  /** Slots that are to change at one time; absent where no move was weighed. */
  atOnce?: number
}

/** Moves that are weighed; what comes after them waits for other plans. */
const MOST = 6
/** In a pool of more slots than this each move stands for several. */
const FEW_SLOTS = 40
/** Of all slots no more change at one time. */
const SHARE = 0.25
const LEAST = 2
/** What has to be carried while slots load: the demand, and what chance adds to it, in deviations. */
const CARRIED = 1.05
const CHANCE = 2
/** Of a slot that loads so much is left. */
const LOADING = 0.5
/** Values closer than this are the same. */
const SAME = 1e-6

interface Step {
  from: Kind
  to: Kind
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
  const start = holdingsOf(held)
  const goal = holdingsOf(wanted)
  const slots = compiled.classes.reduce((sum, one) => sum + one.slots, 0)
  const size = Math.ceil(slots / FEW_SLOTS)
  const steps: Step[] = []
  let during = start
  let after = start
  while (steps.length < MOST) {
    const step = bestStep(compiled, { during, after, goal, size }, value)
    if (step === undefined) break
    during = changed(during, step.from, -LOADING * size)
    after = moved(after, step, size)
    if (lacking(step.from, step.to) > 0) steps.push(step)
  }
  if (steps.length === 0) return { first: [] }
  const first = steps.map(({ from, to }) => ({
    class: from.class.given.name,
    from: from.variants.map(({ ref }) => ref),
    to: to.variants.map(({ ref }) => ref),
  }))
  const most = Math.max(1, Math.floor(mostAtOnce(slots) / size))
  return { first, atOnce: size * bestWave(start, steps, size, most, value) }
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
  { during, after, goal, size }: {
    during: Holdings
    after: Holdings
    goal: Holdings
    size: number
  },
  value: (holdings: Holdings) => number,
): Step | undefined {
  let best: { step: Step; loads: number; value: number } | undefined
  for (const one of classes) {
    if (one.holds === 'all') continue
    for (const from of surplus(after, goal, one)) {
      for (const to of surplus(goal, after, one)) {
        const step = { from, to }
        const loads = lacking(from, to)
        if (loads > (best?.loads ?? Infinity)) continue
        const lost = value(changed(during, from, -LOADING * size))
        const worth = lost + value(moved(after, step, size))
        if (best !== undefined && loads === best.loads && worth <= best.value) continue
        best = { step, loads, value: worth }
      }
    }
  }
  return best?.step
}

const moved = (holdings: Holdings, { from, to }: Step, size: number): Holdings =>
  changed(changed(holdings, from, -Math.min(size, slotsOf(holdings, from))), to, size)

/** How many together serve best until all are done, counted until they would be one after another. */
function bestWave(
  start: Holdings,
  steps: readonly Step[],
  size: number,
  most: number,
  value: (holdings: Holdings) => number,
): number {
  let best = { together: 1, sum: -Infinity }
  for (let together = 1; together <= Math.min(most, steps.length); together++) {
    let done = start
    let sum = 0
    let waves = 0
    for (let i = 0; i < steps.length; i += together, waves++) {
      const wave = steps.slice(i, i + together)
      sum += value(wave.reduce((now, { from }) => changed(now, from, -LOADING * size), done))
      done = wave.reduce((now, step) => moved(now, step, size), done)
    }
    sum += (steps.length - waves) * value(done)
    if (sum > best.sum + SAME) best = { together, sum }
  }
  return best.together
}

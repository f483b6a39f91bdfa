/**
 * The migration schedule: the order in which slots change from their current to their planned variants,
 * and how many change at a time. A pool between two plans may carry less than either, and a loading slot
 * does half its work. So slots change in the order that carries most meanwhile, as far as a beam search
 * finds it, and as few at a time as the load on the others requires.
 *
 * @module
 */
import type { ClassShape, Compiled, Kind } from './compile.ts'
import { lostToFloors } from './floors.ts'
import type { Flows } from './flows.ts'
import { solveModel } from './lp.ts'
import { newModel } from './model.ts'
import { place } from './params.ts'
import { addPeak, withPeak } from './peak.ts'
import type { Placement } from './problem.ts'

export type Schedule = Pick<Placement, 'first' | 'atOnce'>

/**
 * Slots by class and set of variants held. Counts may be fractions, since a loading slot counts half.
 */
export type Holdings = ReadonlyMap<string, Kind>

/** Value of holdings: demand carried, and its accuracy. */
export type Value = (holdings: Holdings) => number

/** Slots that change their set of variants. */
export interface Step {
  from: Kind
  to: Kind
  slots: number
}

/** Change from one set of holdings to another, `size` slots per step. */
export interface Change {
  classes: readonly ClassShape[]
  start: Holdings
  goal: Holdings
  size: number
}

/** Most slots of a plan that change at one time. */
export const mostAtOnce = (slots: number): number => Math.ceil(place.atOnceShare * slots)

export function scheduleOf(
  compiled: Compiled,
  flows: Flows,
  held: readonly Kind[],
  wanted: readonly Kind[],
): Schedule {
  const { classes, slots } = compiled
  if (held.length === 0 || classes.every(({ holds }) => holds === 'all')) return { first: [] }
  const value = valueOf(compiled, flows)
  const size = Math.ceil(mostAtOnce(slots) / 10)
  const change = { classes, start: holdingsOf(held), goal: holdingsOf(wanted), size }
  const start = afterLettingGo(change, value)
  const steps = bestOrder({ ...change, start }, value)
  if (steps.length === 0) return { first: [] }
  let before = start
  const first = steps.map((step) => {
    const { from, to, slots } = step
    const had = slotsOf(before, to)
    before = moved(before, step)
    return {
      class: from.class.given.name,
      from: from.variants.map(({ ref }) => ref),
      to: to.variants.map(({ ref }) => ref),
      slots,
      had,
    }
  })
  const most = Math.max(1, Math.floor(mostAtOnce(slots) / size))
  return { first, atOnce: size * bestTogether(start, steps, most, value) }
}

/** Value of holdings: momentary demand carried, its accuracy, less the penalty of unmet floors. */
function valueOf(compiled: Compiled, flows: Flows): Value {
  const lost = lostToFloors(compiled, flows)
  const peaked = withPeak(
    compiled,
    ({ ratePerS }) => ratePerS + place.carriedDeviations * Math.sqrt(ratePerS),
  )
  const known = new Map<string, number>()
  return (holdings) => {
    const kinds = [...holdings.values()]
    const key = keyOfHoldings(holdings)
    let value = known.get(key)
    if (value === undefined) {
      const model = newModel()
      addPeak(peaked, kinds, model)
      const { status, objective } = solveModel(model, compiled.effort)
      known.set(key, value = status === 'optimal' ? objective - lost(kinds) : -Infinity)
    }
    return value
  }
}

/** Steps in the order that carries most meanwhile. */
export function bestOrder(change: Change, value: Value): readonly Step[] {
  interface Beginning {
    steps: readonly Step[]
    after: Holdings
    /** Sum of the values while each step loads. */
    sum: number
  }
  let beginnings: Beginning[] = [{ steps: [], after: change.start, sum: 0 }]
  for (let count = 0; count < place.schedule; count++) {
    const longer = new Map<string, Beginning>()
    for (const { steps, after, sum } of beginnings) {
      for (const step of stepsFrom(after, change)) {
        const next = moved(after, step)
        const carried = value(loading(after, step)) + 1e-3 * value(next)
        const one = { steps: [...steps, step], after: next, sum: sum + carried }
        const key = keyOfHoldings(next)
        const known = longer.get(key)
        if (known === undefined || one.sum > known.sum) longer.set(key, one)
      }
    }
    if (longer.size === 0) break
    beginnings = [...longer.values()].sort((a, b) => b.sum - a.sum).slice(0, place.beam)
  }
  return beginnings[0]!.steps
}

/** Holdings after all changes that need no load. */
export function afterLettingGo(change: Change, value: Value): Holdings {
  let after = change.start
  for (;;) {
    const steps = stepsFrom(after, change)
    if (steps.length === 0 || loadsOf(steps[0]!) > 0) return after
    const each = steps.map((step) => moved(after, step))
    after = each.reduce((best, one) => value(one) > value(best) ? one : best)
  }
}

/** The possible next steps with the fewest loads. */
function stepsFrom(after: Holdings, { classes, goal, size }: Change): Step[] {
  const all = classes.flatMap((one) =>
    surplus(after, goal, one).flatMap((from) =>
      surplus(goal, after, one).map((to): Step => {
        const most = Math.min(from.slots - slotsOf(goal, from), to.slots - slotsOf(after, to))
        return { from, to, slots: Math.min(size, most) }
      })
    )
  )
  const fewest = Math.min(...all.map(loadsOf))
  return all.filter((step) => loadsOf(step) === fewest).slice(0, place.candidates)
}

/** Number of steps at a time with the highest value, summed over the duration of one at a time. */
function bestTogether(start: Holdings, steps: readonly Step[], most: number, value: Value): number {
  let best = { together: 1, sum: -Infinity }
  for (let together = 1; together <= Math.min(most, steps.length); together++) {
    let done = start
    let sum = 0
    let waves = 0
    for (let i = 0; i < steps.length; i += together, waves++) {
      const wave = steps.slice(i, i + together)
      sum += value(wave.reduce(loading, done))
      done = wave.reduce(moved, done)
    }
    sum += (steps.length - waves) * value(done)
    if (sum > best.sum + 1e-6) best = { together, sum }
  }
  return best.together
}

const keyOfKind = ({ class: one, variants }: Kind): string =>
  `${one.index} ${variants.map(({ index }) => index).sort((a, b) => a - b).join()}`

/** Key of holdings, whatever their order. */
const keyOfHoldings = (holdings: Holdings): string =>
  [...holdings].map(([key, { slots }]) => `${key}:${slots}`).sort().join(';')

export const holdingsOf = (kinds: readonly Kind[]): Holdings =>
  kinds.reduce((holdings: Holdings, kind) => changed(holdings, kind, kind.slots), new Map())

/** Holdings with `by` more slots of this kind. */
function changed(holdings: Holdings, kind: Kind, by: number): Holdings {
  const { class: one, variants } = kind
  const slots = slotsOf(holdings, kind) + by
  const next = new Map(holdings)
  if (slots > 0) next.set(keyOfKind(kind), { class: one, variants, slots })
  else next.delete(keyOfKind(kind))
  return next
}

const slotsOf = (holdings: Holdings, kind: Kind): number =>
  holdings.get(keyOfKind(kind))?.slots ?? 0

/** Kinds of a class with more slots than they should have. */
const surplus = (has: Holdings, shall: Holdings, one: ClassShape): Kind[] =>
  [...has.values()].filter((kind) => kind.class === one && kind.slots > slotsOf(shall, kind))

const loadsOf = ({ from, to }: Step): number =>
  to.variants.filter((variant) => !from.variants.includes(variant)).length

const loading = (holdings: Holdings, { from, slots }: Step): Holdings =>
  changed(holdings, from, -(1 - place.loading) * slots)

const moved = (holdings: Holdings, { from, to, slots }: Step): Holdings =>
  changed(changed(holdings, from, -slots), to, slots)

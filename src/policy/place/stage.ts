/**
 * One step of the plan (hardware scaling, accuracy scaling, saturated): from a goal to sets of
 * variants that were checked to carry what is claimed.
 *
 * @module
 */
import type { VariantShape } from '../shape.ts'
import { build, type Built, type Goal, isWhole, type Kind, SERVED } from './build.ts'
import type { ClassShape, Compiled } from './compile.ts'
import type { Flows } from './flow_walk.ts'
import { type Counted, solveModel } from './lp.ts'
import { objectiveOf } from './model.ts'
import { utilisationOf } from './queueing.ts'
import { search } from './search.ts'
import { fillOrder, merge, pack, PACKINGS } from './sets.ts'

/** Sets with the flows that they were checked to carry. */
export interface Checked {
  kinds: Kind[]
  built: Built
  values: number[]
  /** Share of each pipeline's demand, and its mean accuracy. */
  served: number[]
  accuracy: number[]
  /** By the goal; higher is better. */
  score: number
  slots: number
}

export interface Staged {
  best: Checked | null
  /** Of the goal's own objective; -Infinity where the goal cannot be met at all. */
  bound: number
}

const ROUNDS = 4
const TRIMS = 12
const ALMOST = 1e-5

export const allServed = ({ served }: Checked): boolean => served.every((s) => s >= 1 - ALMOST)

/** For each class all that it is able to hold: how time would be given if nothing had to be packed. */
export const openKinds = ({ classes }: Compiled): Kind[] =>
  classes.filter(({ slots, able }) => slots > 0 && able.length > 0)
    .map((one) => ({ class: one, variants: one.able, slots: one.slots }))

/** Slots that hold each variant share its queue: the fewer, the less of their time can be planned. */
function capsOf({ shapes, options }: Compiled, kinds: readonly Kind[]): number[] {
  const holders = shapes.variants.map(() => 0)
  for (const { variants, slots } of kinds) {
    for (const { index } of variants) holders[index]! += slots
  }
  return holders.map((n) => utilisationOf(n, options.utilisationCap, options.waitTail))
}

/** `kinds`: what may be held, and how many slots of it at most. */
export function stage(
  compiled: Compiled,
  flows: Flows,
  goal: Goal,
  kinds: readonly Kind[],
  counted: Counted,
): Staged {
  const { effort, gap } = compiled.options
  let caps = capsOf(compiled, kinds)
  let best: Checked | null = null
  let bound = -Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const built = build({ compiled, flows, kinds, goal, caps })
    const within = goal.name === 'slots' ? slotsWithin(compiled) : gap * scaleOf(goal)
    const found = search(built.model, { effort, within, counted })
    if (round === 0) bound = found.bound
    if (found.values === null) break
    for (const sets of packings(built, found.values)) {
      const checked = checkGrowing(compiled, flows, goal, sets, counted)
      if (checked !== null && isBetter(checked, best, goal)) best = checked
      if (best !== null && bound - best.score <= within) break
    }
    const seen = capsOf(compiled, best?.kinds ?? packings(built, found.values)[0]!)
    const next = seen.map((cap, i) => round === 0 ? cap : Math.min(cap, caps[i]!))
    // A variant that nothing holds yet is judged by what the first slots of it would do.
    const changed = next.some((cap, i) => cap > 0 && Math.abs(cap - caps[i]!) > 0.005)
    if (!changed || (best !== null && bound - best.score <= within)) break
    caps = next
  }
  if (best !== null && goal.name === 'slots') best = trim(compiled, flows, goal, best, counted)
  return { best, bound }
}

const scaleOf = (goal: Goal) => goal.name === 'saturated' ? SERVED : 1

/** Less than one slot: no answer has fewer. */
const slotsWithin = ({ classes }: Compiled) =>
  (1 - 1e-6) / Math.max(1, classes.reduce((sum, { slots }) => sum + slots, 0))

function isBetter(one: Checked, than: Checked | null, goal: Goal): boolean {
  if (than === null) return true
  if (goal.name !== 'slots') return one.score > than.score + 1e-9
  if (allServed(one) !== allServed(than)) return allServed(one)
  return allServed(one) ? one.slots < than.slots : one.score > than.score
}

/** Sets for what the program gave; several where memory has to be packed. */
function packings(built: Built, values: readonly number[]): Kind[][] {
  const results = PACKINGS.map((packing) =>
    built.kinds.flatMap((kind, k): Kind[] => {
      const one = kind.class
      const own = built.shares.filter((share) => share.kind === k)
      if (isWhole(kind)) {
        return own.filter(({ column }) => values[column]! > 0.5).map((share) => ({
          ...kind,
          variants: [share.variant],
          slots: Math.round(values[share.column]!),
          allowance: share.allowance,
        }))
      }
      const awake = built.awakeColumns[k]!
      const slots = awake < 0 ? kind.slots : Math.round(values[awake]!)
      // What may be held is given already: only how many are awake was open.
      if (one.holds === 'all' || kind.variants.length < one.able.length) {
        return slots > 0 ? [{ ...kind, slots }] : []
      }
      const times = new Map<VariantShape, number>()
      for (const { variant, column } of own) {
        times.set(variant, (times.get(variant) ?? 0) + values[column]!)
      }
      return pack(one, times, slots, packing, fillOrder(one))
        .map((set) => ({ class: one, ...set }))
    })
  )
  return built.kinds.some(({ class: { holds } }) => holds === 'some') ? results : [results[0]!]
}

/** What these sets carry, the caps of their own numbers of slots applied. */
export function check(
  compiled: Compiled,
  flows: Flows,
  goal: Goal,
  kinds: Kind[],
  counted: Counted,
): Checked | null {
  const counting: Goal = goal.name === 'slots' ? { name: 'accuracy' } : goal
  const caps = capsOf(compiled, kinds)
  const built = build({ compiled, flows, kinds, goal: counting, caps })
  const whole = built.model.columns.some(({ integer, lower, upper }) => integer && lower < upper)
  const values = whole
    ? search(built.model, {
      effort: { ...compiled.options.effort, rounds: 4 },
      within: compiled.options.gap * scaleOf(goal),
      counted,
    }).values
    : solveModel(built.model, counted).values
  if (values === null || values.length === 0) return null
  const served = compiled.demands.map(() => 0)
  const gained = compiled.demands.map(() => 0)
  flows.flows.forEach(({ demand, from, weight, accuracy }, f) => {
    const share = values[built.flowColumns[f]!]!
    if (from < 0) served[demand]! += share
    gained[demand]! += share * weight * accuracy
  })
  return {
    ...{ kinds, built, values, served },
    accuracy: gained.map((sum, p) => served[p]! > 0 ? sum / served[p]! : 0),
    score: objectiveOf(built.model, values),
    slots: kinds.reduce((sum, { slots }) => sum + slots, 0),
  }
}

/** Hardware scaling may fall short once packed, or queues counted: a slot more, while there are. */
function checkGrowing(
  compiled: Compiled,
  flows: Flows,
  goal: Goal,
  kinds: Kind[],
  counted: Counted,
): Checked | null {
  let checked = check(compiled, flows, goal, kinds, counted)
  if (goal.name !== 'slots') return checked
  for (let turn = 0; turn < TRIMS && checked !== null && !allServed(checked); turn++) {
    const spare = (one: ClassShape) =>
      one.slots - checked!.kinds.reduce((n, k) => n + (k.class === one ? k.slots : 0), 0)
    const before: Checked = checked
    let better: Checked | null = null
    for (const kind of before.kinds) {
      if (spare(kind.class) < 1) continue
      const grown = before.kinds.map((one) => one === kind ? { ...one, slots: one.slots + 1 } : one)
      const next = check(compiled, flows, goal, grown, counted)
      if (next !== null && next.score > (better ?? before).score + 1e-9) better = next
    }
    if (better === null) break
    checked = better
  }
  return checked
}

/** Takes slots away for as long as everything is still served. */
function trim(
  compiled: Compiled,
  flows: Flows,
  goal: Goal,
  checked: Checked,
  counted: Counted,
): Checked {
  if (!allServed(checked) || compiled.options.waitTail >= 1) return checked
  let best = checked
  for (let k = best.kinds.length - 1, turns = 0; k >= 0 && turns < TRIMS; turns++) {
    const kind = best.kinds[k]!
    const fewer = best.kinds.map((one, i) => i === k ? { ...one, slots: one.slots - 1 } : one)
      .filter(({ slots }) => slots > 0)
    const next = fewer.length > 0 ? check(compiled, flows, goal, fewer, counted) : null
    if (next !== null && allServed(next)) {
      best = next
      if (kind.slots > 1) continue
    }
    k--
  }
  return best
}

/** Sets by class, those that only differ in allowance together. */
export function setsOf(one: ClassShape, kinds: readonly Kind[]) {
  return merge(
    kinds.filter((kind) => kind.class === one)
      .map(({ variants, slots }) => ({ variants: [...variants], slots })),
  )
}

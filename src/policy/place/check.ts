/**
 * What given sets of variants carry: the flows with the most of what the goal asks for.
 *
 * @module
 */
import type { VariantShape } from '../shape.ts'
import { build, type Built, type Goal, type Kind, SERVED } from './build.ts'
import type { ClassShape, Compiled } from './compile.ts'
import type { Flows } from './flow_walk.ts'
import { type Counted, solveModel } from './lp.ts'
import { objectiveOf } from './model.ts'
import { utilisationOf } from './queueing.ts'
import { search } from './search.ts'
import { merge } from './sets.ts'

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

const ALMOST = 1e-5

export const allServed = ({ served }: Checked): boolean => served.every((s) => s >= 1 - ALMOST)

export const scaleOf = (goal: Goal) => goal.name === 'saturated' ? SERVED : 1

/**
 * Slots that hold each variant share its queue: the fewer, the less of their time can be planned.
 * `others`: slots that a variant would get that no set holds.
 */
export function capsOf(
  { shapes, options }: Compiled,
  kinds: readonly Kind[],
  others = 0,
): number[] {
  const holders = shapes.variants.map(() => 0)
  for (const { variants, slots } of kinds) {
    for (const { index } of variants) holders[index]! += slots
  }
  return holders.map((n) => utilisationOf(n || others, options.utilisationCap, options.waitTail))
}

/** Mean number of slots that hold a variant, over those that are held. */
export function meanHolders(kinds: readonly Kind[]): number {
  const holders = new Map<VariantShape, number>()
  for (const { variants, slots } of kinds) {
    for (const variant of variants) holders.set(variant, (holders.get(variant) ?? 0) + slots)
  }
  return [...holders.values()].reduce((sum, n) => sum + n, 0) / Math.max(1, holders.size)
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
  const { effort } = compiled.options
  const caps = capsOf(compiled, kinds)
  const built = build({ compiled, flows, kinds, goal: counting, caps })
  const whole = built.model.columns.some(({ integer, lower, upper }) => integer && lower < upper)
  const values = whole
    ? search(built.model, {
      effort: { ...effort, rounds: 4 },
      within: compiled.options.gap * scaleOf(goal),
      until: Math.max(counted.updates, effort.updates) + effort.updates / 50,
      counted,
    }).values
    : solveModel(built.model, counted).values
  if (values === null || values.length === 0) return null
  const served = compiled.demands.map(() => 0)
  const gained = compiled.demands.map(() => 0)
  flows.flows.forEach(({ demand, from, gain }, f) => {
    const share = values[built.flowColumns[f]!]!
    if (from < 0) served[demand]! += share
    gained[demand]! += share * gain
  })
  return {
    ...{ kinds, built, values, served },
    accuracy: gained.map((sum, p) => served[p]! > 0 ? sum / served[p]! : 0),
    score: objectiveOf(built.model, values),
    slots: kinds.reduce((sum, { slots }) => sum + slots, 0),
  }
}

/** Sets by class, those that only differ in allowance together. */
export function setsOf(one: ClassShape, kinds: readonly Kind[]) {
  return merge(
    kinds.filter((kind) => kind.class === one)
      .map(({ variants, slots }) => ({ variants: [...variants], slots })),
  )
}

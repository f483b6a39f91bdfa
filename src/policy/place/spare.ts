/**
 * What slots hold that the demand itself does not need: chosen for the moments of more demand that
 * may come, since a jump is over before a slot has loaded. What they hold already stays where nothing
 * else is much better.
 *
 * @module
 */
import type { Goal, Kind } from './build.ts'
import { check, type Checked, setsOf } from './check.ts'
import type { ClassShape, Compiled } from './compile.ts'
import type { Flows } from './flow_walk.ts'
import type { Counted } from './lp.ts'
import type { HeldSet } from './sets.ts'
import { stage } from './stage.ts'

const GOAL: Goal = { name: 'accuracy' }

/** For each class the sets of its slots that are not awake. */
export function spareSets(
  compiled: Compiled,
  flows: Flows,
  awake: Checked,
  held: readonly Kind[],
  counted: Counted,
): HeldSet[][] {
  const { classes, options: { hysteresis } } = compiled
  const left = classes.map((one) => one.slots - slotsOf(one, awake.kinds))
  const open = classes.flatMap((one, c): Kind[] =>
    left[c]! > 0 && one.able.length > 0 ? [{ class: one, variants: one.able, slots: left[c]! }] : []
  )
  if (open.length === 0) return classes.map(() => [])
  const fresh = stage(compiled, flows, GOAL, [...awake.kinds, ...open], counted).best
  const before = classes.flatMap((one) => beyond(one, held, awake.kinds))
  const stays = before.length > 0
    ? check(compiled, flows, GOAL, [...awake.kinds, ...before], counted)
    : null
  const kept = stays !== null && stays.score >= (fresh?.score ?? -Infinity) - hysteresis
  const chosen = kept ? stays : fresh
  return classes.map((one) => chosen === null ? [] : beyond(one, chosen.kinds, awake.kinds))
}

const slotsOf = (one: ClassShape, kinds: readonly Kind[]) =>
  kinds.reduce((sum, kind) => sum + (kind.class === one ? kind.slots : 0), 0)

/** Sets of a class without those of others, by number of slots, and no more slots than are left. */
function beyond(one: ClassShape, all: readonly Kind[], without: readonly Kind[]) {
  const key = ({ variants }: HeldSet) => variants.map(({ index }) => index).join(' ')
  const taken = new Map(setsOf(one, without).map((set) => [key(set), set.slots]))
  let left = one.slots - slotsOf(one, without)
  return setsOf(one, all).flatMap((set): (HeldSet & { class: ClassShape })[] => {
    const slots = Math.min(left, set.slots - (taken.get(key(set)) ?? 0))
    if (slots <= 0) return []
    left -= slots
    return [{ class: one, variants: set.variants, slots }]
  })
}

/**
 * The third step: the most queries, where nothing carries all. Chosen by a share of what slots can do,
 * told by all of it.
 *
 * @module
 */
import type { Asked } from './asked.ts'
import { build, type Goal, type Kind, SERVED } from './build.ts'
import { capsOf, check, type Checked } from './check.ts'
import type { Compiled } from './compile.ts'
import type { Flows } from './flow_walk.ts'
import { fairLevels } from './levels.ts'
import { boundOf, type Counted, solveModel } from './lp.ts'
import type { Outcome } from './outcome.ts'
import { stage } from './stage.ts'

/** Null where nothing is served by any sets. */
export function saturated({ compiled, flows, open, held, counted }: Asked): Outcome | null {
  const { saturatedCap, utilisationCap, hysteresis } = compiled.options
  const options = { ...compiled.options, utilisationCap: saturatedCap * utilisationCap }
  const capped = { ...compiled, options }
  const goal = fairGoal(capped, flows, open, counted)
  const fresh = stage(capped, flows, goal, open, counted)
  const stays = held.length > 0 ? stage(capped, flows, goal, held, counted).best : null
  if (fresh.best === null && stays === null) return null
  const kept = stays !== null && stays.score >= (fresh.best?.score ?? 0) - hysteresis * SERVED
  const chosen = kept ? stays : fresh.best!
  const told = saturatedCap === 1
    ? { checked: chosen, bound: fresh.bound }
    : carried(compiled, flows, open, chosen, counted)
  const bound = told.bound / SERVED * compiled.totalPerS
  return { mode: 'saturated', checked: told.checked, bound, slotsBound: 0, kept }
}

const fairGoal = (compiled: Compiled, flows: Flows, open: Kind[], counted: Counted): Goal => ({
  name: 'saturated',
  levels: fairLevels(compiled, flows, open, counted),
})

/** What sets carry that were chosen by less than they can do, and the most that any could. */
function carried(
  compiled: Compiled,
  flows: Flows,
  open: Kind[],
  chosen: Checked,
  counted: Counted,
): { checked: Checked; bound: number } {
  const goal = fairGoal(compiled, flows, open, counted)
  // Allowances that its slots keep to are numbered as those of its own flows. A plan is not lost because
  // nothing is left to reckon it anew with.
  const checked = check(compiled, chosen.built.flows, goal, chosen.kinds, counted) ?? chosen
  const { model } = build({ compiled, flows, kinds: open, goal, caps: capsOf(compiled, open) })
  return { checked, bound: boundOf(solveModel(model, counted, { relaxed: true })) }
}

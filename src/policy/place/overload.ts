/**
 * The third step: the most queries, where nothing carries all. Chosen by a share of what slots can do,
 * told by all of it: a pipeline whose stations just carry its demand gets as much less through them as
 * items wait, and those of others are full anyhow, so quicker variants are to be held until all have
 * some slack.
 *
 * @module
 */
import { check } from './check.ts'
import type { Compiled, Kind } from './compile.ts'
import type { Flows } from './flows.ts'
import { boundOf, solveModel } from './lp.ts'
import { mostOf } from './most.ts'
import type { Outcome } from './outcome.ts'
import { place } from './params.ts'
import { build } from './allocation_program.ts'
import type { Goal } from './types.ts'

/** Null where nothing is served by any sets. */
export function overload(
  compiled: Compiled,
  flows: Flows,
  open: readonly Kind[],
  held: readonly Kind[],
): Outcome | null {
  const capped = { ...compiled, cap: place.saturatedCap }
  const goal = fairGoal(capped, flows, open)
  const fresh = mostOf(capped, flows, goal, open).best
  const stays = held.length > 0 ? mostOf(capped, flows, goal, held).best : null
  if (fresh === null && stays === null) return null
  const kept = stays !== null &&
    stays.score >= (fresh?.score ?? 0) - place.hysteresis * place.served
  const chosen = kept ? stays : fresh!
  const whole = fairGoal(compiled, flows, open)
  // Allowances that its slots keep to are numbered as those of its own flows. A plan is not lost because
  // nothing is left to reckon it anew with.
  const checked = check(compiled, chosen.program.flows, whole, chosen.kinds) ?? chosen
  const { model } = build({ compiled, flows, kinds: open, goal: whole })
  const bound = boundOf(solveModel(model, compiled.effort, { relaxed: true }))
  return {
    mode: 'saturated',
    checked,
    bound: bound / place.served * compiled.totalPerS,
    slotsBound: 0,
    kept,
  }
}

const fairGoal = (compiled: Compiled, flows: Flows, kinds: readonly Kind[]): Goal => ({
  name: 'saturated',
  levels: fairLevels(compiled, flows, kinds),
})

/**
 * Share of its demand that each pipeline gets, as if slots could be divided; 0 where no path fits. Fair
 * is max-min of the served share by weight: all pipelines are filled at the pace of their weights until
 * each is full or the pool is.
 */
export function fairLevels(compiled: Compiled, flows: Flows, kinds: readonly Kind[]): number[] {
  const { demands, effort } = compiled
  const reachable = new Set(flows.flows.filter(({ from }) => from < 0).map(({ demand }) => demand))
  const weights = demands.map(({ pipeline }) => Math.max(pipeline.weight, place.leastLevel))
  let levels = demands.map(() => 0)
  for (let turn = 0; turn < demands.length; turn++) {
    const open = demands.flatMap((_, p) => levels[p]! < 1 && reachable.has(p) ? [weights[p]!] : [])
    if (open.length === 0) break
    // Where the heaviest of those still open would be full.
    const next = demands.map((_, p) =>
      reachable.has(p) ? Math.min(1, weights[p]! / Math.max(...open)) : 0
    )
    const rise = next.map((level, p) => level - levels[p]!)
    const { model, levelColumn, levelRows } = build({
      compiled,
      flows,
      kinds,
      goal: { name: 'saturated', levels: rise },
    })
    model.columns.forEach((column, i) => column.objective = i === levelColumn ? 1 : 0)
    // A hair below what was reached, so that rounding does not make it unreachable.
    levelRows.forEach((row, p) => model.rows[row]!.max = -levels[p]! * (1 - 1e-6))
    const solved = solveModel(model, effort, { relaxed: true })
    const filled = solved.status === 'optimal' ? solved.objective : 0
    levels = levels.map((level, p) => level + rise[p]! * filled)
    if (filled < 1 - 1e-6) break
  }
  return levels.map((level, p) => reachable.has(p) ? Math.max(level, place.leastLevel) : 0)
}

/**
 * Fairness in overload: which share of its demand each pipeline is to get where nothing carries all.
 *
 * @module
 */
import type { Compiled, Kind } from './compile.ts'
import type { Flows } from './flows.ts'
import { solveModel } from './lp.ts'
import { place } from './params.ts'
import { build, type Goal } from './program.ts'

export const fairGoal = (compiled: Compiled, flows: Flows, kinds: readonly Kind[]): Goal => ({
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

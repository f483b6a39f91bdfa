/**
 * Fair shares when not all can be served: max-min of the served share by weight, by filling all
 * pipelines at the pace of their weights until each is full or the pool is.
 *
 * @module
 */
import { build, type Kind } from './build.ts'
import type { Compiled } from './compile.ts'
import type { Flows } from './flow_walk.ts'
import { type Counted, solveModel } from './lp.ts'

const LEAST = 1e-3

/** Share of its demand that each pipeline gets, as if slots could be divided; 0 where no way fits. */
export function fairLevels(
  compiled: Compiled,
  flows: Flows,
  kinds: readonly Kind[],
  counted: Counted,
): number[] {
  const { demands, options, shapes } = compiled
  const reachable = new Set(flows.flows.filter(({ from }) => from < 0).map(({ demand }) => demand))
  const weights = demands.map(({ pipeline }) => Math.max(pipeline.weight, LEAST))
  const caps = shapes.variants.map(() => options.utilisationCap)
  let levels = demands.map(() => 0)
  for (let turn = 0; turn < demands.length; turn++) {
    const open = demands.flatMap((_, p) => levels[p]! < 1 && reachable.has(p) ? [weights[p]!] : [])
    if (open.length === 0) break
    // Where the heaviest of those still open would be full.
    const next = demands.map((_, p) =>
      reachable.has(p) ? Math.min(1, weights[p]! / Math.max(...open)) : 0
    )
    const rise = next.map((level, p) => level - levels[p]!)
    const built = build({ compiled, flows, kinds, goal: { name: 'saturated', levels: rise }, caps })
    built.model.columns.forEach((column, i) => {
      column.objective = i === built.levelColumn ? 1 : 0
    })
    // A hair below what was reached, so that rounding does not make it unreachable.
    built.levelRows.forEach((row, p) => built.model.rows[row]!.max = -levels[p]! * (1 - 1e-6))
    const solved = solveModel(built.model, counted, { relaxed: true })
    const filled = solved.status === 'optimal' ? solved.objective : 0
    levels = levels.map((level, p) => level + rise[p]! * filled)
    if (filled < 1 - 1e-6) break
  }
  return levels.map((level, p) => reachable.has(p) ? Math.max(level, LEAST) : 0)
}

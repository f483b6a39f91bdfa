/**
 * Accuracy scaling, and the most queries when saturated: from a goal to sets of variants that were
 * checked to carry what is claimed.
 *
 * @module
 */
import { build, type Goal, type Kind } from './build.ts'
import { capsOf, check, type Checked, scaleOf } from './check.ts'
import type { Compiled } from './compile.ts'
import type { Flows } from './flow_walk.ts'
import type { Counted } from './lp.ts'
import { packings } from './packings.ts'
import { search } from './search.ts'

export interface Staged {
  best: Checked | null
  /** Of the goal's own objective; -Infinity where the goal cannot be met at all. */
  bound: number
}

const ROUNDS = 4

/** `kinds`: what may be held, and how many slots of it at most. */
export function stage(
  compiled: Compiled,
  flows: Flows,
  goal: Goal,
  kinds: readonly Kind[],
  counted: Counted,
): Staged {
  const { effort, gap } = compiled.options
  const within = gap * scaleOf(goal)
  let caps = capsOf(compiled, kinds)
  let best: Checked | null = null
  let bound = -Infinity
  const done = () => best !== null && bound - best.score <= within
  for (let round = 0; round < ROUNDS && !done(); round++) {
    const built = build({ compiled, flows, kinds, goal, caps })
    const found = search(built.model, { effort, within, counted })
    if (round === 0) bound = found.bound
    if (found.values === null) break
    let latest: Checked | null = null
    for (const sets of packings(built, found.values)) {
      const checked = check(compiled, flows, goal, sets, counted)
      if (checked !== null && checked.score > (latest?.score ?? -Infinity)) latest = checked
      if (latest !== null && latest.score > (best?.score ?? -Infinity)) best = latest
      if (done()) break
    }
    if (latest === null) break
    // What few slots hold queues badly: plan again with what these numbers of slots can do.
    const seen = capsOf(compiled, latest.kinds)
    const next = seen.map((cap, i) => Math.min(cap, caps[i]!))
    if (next.every((cap, i) => cap > caps[i]! - 0.005)) break
    caps = next
  }
  return { best, bound }
}

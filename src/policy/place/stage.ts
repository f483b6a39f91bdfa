/**
 * Accuracy scaling, and the most queries when saturated: from a goal to sets of variants that were
 * checked to carry what is claimed.
 *
 * @module
 */
import { build, type Built, type Goal, type Kind } from './build.ts'
import { isUnpacked, withCandidates } from './candidates.ts'
import { allServed, capsOf, check, type Checked, meanHolders, scaleOf } from './check.ts'
import type { Compiled } from './compile.ts'
import type { Flows } from './flow_walk.ts'
import { hasFloors } from './floors.ts'
import { boundOf, type Counted, type Solved, solveModel } from './lp.ts'
import { narrow } from './narrow.ts'
import { packings } from './packings.ts'
import { hasMoves } from './moves.ts'
import { hasPeak } from './peak.ts'
import { search } from './search.ts'

export interface Staged {
  best: Checked | null
  /** Of the goal's own objective; -Infinity where the goal cannot be met at all. */
  bound: number
  /** The same without what the peak counts: of serving the demand itself. */
  plainBound: number
}

const ROUNDS = 8
/** A pipeline of which no more is served is left out. */
const NOTHING = 1e-3

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
  // Half of what is left, so that the next step has as much.
  const until = (counted.updates + Math.max(counted.updates, effort.updates)) / 2
  let best: Checked | null = null
  let bound = -Infinity
  let plainBound = -Infinity
  const complete = (one: Checked) => goal.name !== 'accuracy' || allServed(one)
  const better = (one: Checked, than: Checked | null) =>
    than === null || Number(complete(one)) > Number(complete(than)) ||
    complete(one) === complete(than) && one.score > than.score
  const done = () => best !== null && complete(best) && bound - best.score <= within
  let [some, inflate, tooLittle, enough] = [flows, 1, 1, Infinity]
  for (let round = 0; round < ROUNDS && !done(); round++) {
    let built = build({ compiled, flows: some, kinds, goal, caps, inflate })
    if (round === 0) {
      const relaxed = solveModel(built.model, counted, { relaxed: true })
      bound = boundOf(relaxed)
      plainBound = bound
      if (
        hasPeak(compiled, goal) || hasFloors(compiled, goal) || hasMoves({ compiled, goal })
      ) {
        const plain = build({ ...built, plain: true })
        plainBound = boundOf(solveModel(plain.model, counted, { relaxed: true }))
      }
      if (goal.name === 'accuracy' && fallsShort(built, relaxed)) return { best, bound, plainBound }
      if (relaxed.status === 'optimal' && kinds.some(({ class: { holds } }) => holds !== 'all')) {
        some = narrow(built, relaxed.values)
        built = build({ ...built, flows: some })
      }
    }
    const found = search(built.model, { effort, within, counted, until })
    if (found.values === null) break
    let latest: Checked | null = null
    for (const sets of packings(built, found.values)) {
      const checked = check(compiled, some, goal, sets, counted)
      if (checked !== null && better(checked, latest)) latest = checked
      if (latest !== null && better(latest, best)) best = latest
      if (done()) break
    }
    if (latest === null) break
    // Packing lost something: count slots for sets instead.
    if (!done() && round < 2 && kinds.some(isUnpacked)) {
      const packed = packings(built, found.values)
      let before = -1
      for (const parts of [false, true]) {
        if (parts && Math.min(...latest.served) > NOTHING) break
        const sets = withCandidates(built, found.values, packed, parts)
        if (sets.length === before) break
        before = sets.length
        const again = build({ ...built, kinds: sets })
        const counting = search(again.model, { effort, within, counted, until })
        if (counting.values === null) continue
        const [given] = packings(again, counting.values)
        const checked = check(compiled, some, goal, given!, counted)
        if (checked !== null && better(checked, latest)) latest = checked
        if (better(latest, best)) best = latest
      }
    }
    // What few slots hold queues badly: plan again with what these numbers of slots can do.
    const seen = capsOf(compiled, latest.kinds, meanHolders(latest.kinds) / 2)
    const next = seen.map((cap, i) => Math.min(cap, caps[i]!))
    const same = next.every((cap, i) => cap > caps[i]! - 0.005)
    if (same && goal.name === 'saturated') break
    caps = next
    if (round === 0) continue
    // Or for a little more than there is, so that quicker variants make up for what falls short.
    if (allServed(latest)) enough = inflate
    else tooLittle = inflate
    if (enough - tooLittle < 0.02) break
    const step = Math.min(1.2, 1.01 / Math.max(0.01, Math.min(...latest.served)))
    inflate = enough < Infinity ? (enough + tooLittle) / 2 : inflate * step
  }
  return { best, bound, plainBound }
}

/** Not even with slots that could be divided is everything served. */
function fallsShort({ compiled, flows, flowColumns }: Built, relaxed: Solved): boolean {
  if (relaxed.status !== 'optimal') return false
  const served = compiled.demands.map(() => 0)
  flows.flows.forEach(({ demand, from }, f) => {
    if (from < 0) served[demand]! += relaxed.values[flowColumns[f]!]!
  })
  return served.some((share) => share < 1 - 1e-5)
}

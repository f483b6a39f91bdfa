/**
 * Accuracy scaling, and the most queries in overload: from a goal to sets of variants that were
 * checked to carry what is claimed.
 *
 * @module
 */
import type { TaskShape, VariantShape } from '../core/graph.ts'
import { Quickest } from './allowances.ts'
import { allCouldBeServed, allServed, check, type Checked } from './check.ts'
import type { Compiled, Kind } from './compile.ts'
import { type Flows, flowsWithin } from './flows.ts'
import { boundOf, solveModel } from './lp.ts'
import { isUnpacked, packings, withCandidates } from './packing.ts'
import { place } from './params.ts'
import { build, hasMore, scaleOf } from './allocation_program.ts'
import { search, type SearchOptions } from './search.ts'
import type { Goal, Program } from './types.ts'

export interface Most {
  best: Checked | null
  /** Of the goal's own objective, without what the peak counts: of serving the demand itself. */
  bound: number
}

/** @param kinds what may be held, and how many slots of it at most */
export function mostOf(
  compiled: Compiled,
  flows: Flows,
  goal: Goal,
  kinds: readonly Kind[],
): Most {
  const { effort } = compiled
  const options = {
    within: place.gap * scaleOf(goal),
    // Half of what is left, so that the next step has as much.
    until: (effort.updates + Math.max(effort.updates, place.updates)) / 2,
  }
  let program = build({ compiled, flows, kinds, goal })
  const relaxed = solveModel(program.model, effort, { relaxed: true })
  const bound = boundOf(relaxed)
  const plainBound = hasMore(compiled, goal)
    ? boundOf(solveModel(build({ ...program, plain: true }).model, effort, { relaxed: true }))
    : bound
  const isSolved = relaxed.status === 'optimal'
  if (goal.name === 'accuracy' && isSolved && !allCouldBeServed(program, relaxed.values)) {
    return { best: null, bound: plainBound }
  }
  if (isSolved && kinds.some(({ class: { holds } }) => holds !== 'all')) {
    program = build({ ...program, flows: narrowed(program, relaxed.values) })
  }
  return { best: new Rounds(goal, bound, options).run(program), bound: plainBound }
}

/** Plans that are made and checked one after the other, until one is near the bound. */
class Rounds {
  #goal: Goal
  #bound: number
  #options: SearchOptions
  #best: Checked | null = null

  constructor(goal: Goal, bound: number, options: SearchOptions) {
    this.#goal = goal
    this.#bound = bound
    this.#options = options
  }

  run(first: Program): Checked | null {
    let [inflate, tooLittle, enough] = [1, 1, Infinity]
    for (let round = 0; round < place.replans && !this.#isDone(); round++) {
      const program = round === 0 ? first : build({ ...first, inflate })
      const { values } = search(program.model, first.compiled.effort, this.#options)
      if (values === null) break
      const packed = packings(program, values)
      let latest: Checked | null = null
      for (const sets of packed) {
        latest = this.#tried(program, sets, latest)
        if (this.#isDone()) break
      }
      if (latest === null) break
      if (!this.#isDone() && round < 2) latest = this.#recounted(program, values, packed, latest)
      if (this.#goal.name === 'saturated') break
      if (round === 0) continue
      // For a little more than there is, so that quicker variants make up for what falls short.
      if (allServed(latest)) enough = inflate
      else tooLittle = inflate
      if (enough - tooLittle < place.mostNear) break
      const served = Math.max(0.01, Math.min(...latest.served))
      const step = Math.min(place.mostLargest, place.mostStep / served)
      inflate = enough < Infinity ? (enough + tooLittle) / 2 : inflate * step
    }
    return this.#best
  }

  /** Packing lost something: counts slots for sets instead. */
  #recounted(
    program: Program,
    values: readonly number[],
    packed: readonly Kind[][],
    found: Checked,
  ): Checked {
    let latest = found
    if (!program.kinds.some(isUnpacked)) return latest
    let before = -1
    for (const parts of [false, true]) {
      if (parts && Math.min(...latest.served) > 1e-3) break
      const kinds = withCandidates(program, values, packed, parts)
      if (kinds.length === before) break
      before = kinds.length
      const again = build({ ...program, kinds })
      const counting = search(again.model, program.compiled.effort, this.#options)
      if (counting.values === null) continue
      latest = this.#tried(program, packings(again, counting.values)[0]!, latest)!
    }
    return latest
  }

  /** The better of these sets and those before. */
  #tried({ compiled, flows }: Program, sets: Kind[], latest: Checked | null): Checked | null {
    const checked = check(compiled, flows, this.#goal, sets)
    const better = checked !== null && this.#isBetter(checked, latest) ? checked : latest
    if (better !== null && this.#isBetter(better, this.#best)) this.#best = better
    return better
  }

  #isComplete = (one: Checked) => this.#goal.name !== 'accuracy' || allServed(one)

  #isBetter(one: Checked, than: Checked | null): boolean {
    if (than === null || this.#isComplete(one) !== this.#isComplete(than)) {
      return than === null || this.#isComplete(one)
    }
    return one.score > than.score
  }

  #isDone(): boolean {
    const best = this.#best
    return best !== null && this.#isComplete(best) &&
      this.#bound - best.score <= this.#options.within
  }
}

/**
 * Fewer flows for the search of integers: the allowances that the relaxed program uses, and for the
 * variants that it does not use the one nearest to what their task gets. The bound stays that of all
 * flows.
 */
function narrowed(
  { compiled, flows, flowColumns, shares }: Program,
  values: readonly number[],
): Flows {
  if (flows.flows.length <= place.fewFlows) return flows
  const { allowances } = flows
  const used = new Map<VariantShape, Set<number>>()
  const longestMs = new Map<TaskShape, number>()
  const use = (variant: VariantShape, allowance: number) => {
    used.set(variant, (used.get(variant) ?? new Set()).add(allowance))
    const { timeMs } = allowances[variant.index]![allowance]!
    longestMs.set(variant.task, Math.max(longestMs.get(variant.task) ?? 0, timeMs))
  }
  flows.flows.forEach(({ steps }, f) => {
    if (values[flowColumns[f]!]! < 1e-7) return
    for (const { variant, allowance } of steps) use(variant, allowance)
  })
  for (const { column, variant, allowance } of shares) {
    if (values[column]! > 1e-6) use(variant, allowance)
  }
  const kept = compiled.shapes.variants.map((variant) => {
    const all = allowances[variant.index]!
    const most = longestMs.get(variant.task) ?? Infinity
    const nearest = all.findLastIndex(({ timeMs }) => timeMs <= most + 1e-9)
    const chosen = used.get(variant) ?? new Set([Math.max(0, nearest)])
    return all.filter((_, a) => chosen.has(a))
  })
  const chosen = new Set(flows.flows.flatMap(({ steps }) => steps.map(({ variant }) => variant)))
  const fewer = flowsWithin(compiled, kept, chosen, new Quickest(compiled))
  return fewer.flows.length > 0 && !fewer.isCut ? fewer : flows
}

/**
 * Hardware scaling: the fewest slots that serve everything, packing counted.
 *
 * @module
 */
import type { VariantShape } from '../core/graph.ts'
import { allServed, check, type Checked } from './check.ts'
import type { Compiled, Kind } from './compile.ts'
import { bestFlows, type Flows, flowsOfVariants } from './flows.ts'
import { isUnpacked, packings, withCandidates } from './packing.ts'
import { place } from './params.ts'
import { build } from './allocation_program.ts'
import { search, type SearchOptions } from './search.ts'
import type { Goal, Program } from './types.ts'

export interface Fewest {
  best: Checked | null
  /** No plan has fewer slots; Infinity where none serves everything. */
  slotsBound: number
}

const GOAL: Goal = { name: 'slots' }

/** The flows of the most accurate variants that fit the time; null where a pipeline has none. */
export function mostAccurate(compiled: Compiled, flows: Flows): Flows | null {
  const used = new Set<VariantShape>()
  for (const demand of compiled.demands.keys()) {
    const best = bestFlows(flows, demand, ({ gain }) => gain, 1e-12)
    if (best === undefined) return null
    for (const { steps } of best) for (const { variant } of steps) used.add(variant)
  }
  return flowsOfVariants(flows, used)
}

/**
 * The program does not know that memory has to be packed. What then falls short is planned again for
 * more demand than there is, as much as is needed.
 */
export function fewestSlots(compiled: Compiled, flows: Flows, kinds: readonly Kind[]): Fewest {
  const { effort } = compiled
  const options: SearchOptions = {
    // Less than one slot: no answer has fewer.
    within: (1 - 1e-6) / Math.max(1, compiled.slots),
    // A third of what is left: the next steps are the harder ones.
    until: effort.updates + Math.max(0, place.updates - effort.updates) / 3,
  }
  let best: Checked | null = null
  let slotsBound = Infinity
  let [inflate, tooLittle, enough] = [1, 1, Infinity]
  let [step, before] = [place.fewestStep, 0]
  for (let round = 0; round < place.replans; round++) {
    const program = build({ compiled, flows, kinds, goal: GOAL, inflate })
    const found = search(program.model, effort, options)
    if (round === 0) slotsBound = Math.ceil(-found.bound * compiled.slots - 1e-6)
    if (found.bound === -Infinity && round === 0) return { best: null, slotsBound: Infinity }
    let served = 0
    const packed = found.values === null ? [] : setsFor(program, found.values, options)
    for (const sets of packed) {
      const checked = check(compiled, flows, GOAL, sets)
      if (checked === null) continue
      served = Math.max(served, Math.min(...checked.served))
      if (allServed(checked) && checked.slots < (best?.slots ?? Infinity)) best = checked
      if (best !== null && best.slots <= slotsBound) return { best, slotsBound }
    }
    // Where even the inflated demand has no answer, something between may.
    if (found.values === null || served >= 1 - place.almost) enough = inflate
    else tooLittle = inflate
    if (enough - tooLittle < place.fewestNear) break
    // The same slots again: a larger step.
    step = served > before + 1e-3 ? place.fewestStep / Math.max(served, 0.01) : step * step
    inflate = enough < Infinity
      ? (tooLittle + enough) / 2
      : inflate * Math.min(place.fewestLargest, step)
    before = served
  }
  return { best: best === null ? null : trim(compiled, flows, best), slotsBound }
}

/** Sets for an answer, and those that the program comes to once it counts slots for sets. */
function setsFor(program: Program, values: readonly number[], options: SearchOptions): Kind[][] {
  const packed = packings(program, values)
  if (!program.kinds.some(isUnpacked)) return packed
  const again = build({ ...program, kinds: withCandidates(program, values, packed) })
  const counting = search(again.model, program.compiled.effort, options)
  return counting.values === null ? packed : [...packed, ...packings(again, counting.values)]
}

/** Takes slots away for as long as everything is still served. */
function trim(compiled: Compiled, flows: Flows, checked: Checked): Checked {
  let best = checked
  for (let k = best.kinds.length - 1, turns = 0; k >= 0 && turns < place.trims; turns++) {
    const kind = best.kinds[k]!
    const fewer = best.kinds.map((one, i) => i === k ? { ...one, slots: one.slots - 1 } : one)
      .filter(({ slots }) => slots > 0)
    const next = fewer.length > 0 ? check(compiled, flows, GOAL, fewer) : null
    if (next !== null && allServed(next)) {
      best = next
      if (kind.slots > 1) continue
    }
    k--
  }
  return best
}

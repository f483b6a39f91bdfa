/**
 * Hardware scaling: the fewest slots that serve everything, packing and queues counted.
 *
 * @module
 */
import { build, type Goal, type Kind } from './build.ts'
import { isUnpacked, withCandidates } from './candidates.ts'
import { allServed, capsOf, check, type Checked } from './check.ts'
import type { Compiled } from './compile.ts'
import type { Flows } from './flow_walk.ts'
import type { Counted } from './lp.ts'
import { packings } from './packings.ts'
import { search } from './search.ts'

export interface Fewest {
  best: Checked | null
  /** No plan has fewer slots; Infinity where none serves everything. */
  slotsBound: number
}

const ROUNDS = 8
const TRIMS = 16

/**
 * The program knows neither that memory has to be packed nor that few slots queue badly. What then
 * falls short is planned again for more demand than there is, as much as is needed.
 */
export function fewestSlots(
  compiled: Compiled,
  flows: Flows,
  kinds: readonly Kind[],
  counted: Counted,
): Fewest {
  const { options: { effort }, classes } = compiled
  const total = classes.reduce((sum, { slots }) => sum + slots, 0)
  // Less than one slot: no answer has fewer.
  const within = (1 - 1e-6) / Math.max(1, total)
  const caps = capsOf(compiled, kinds)
  // A third of what is left: the next steps are the harder ones.
  const until = counted.updates + Math.max(0, effort.updates - counted.updates) / 3
  let best: Checked | null = null
  let slotsBound = Infinity
  let [inflate, tooLittle, enough] = [1, 1, Infinity]
  let [step, before] = [1.02, 0]
  for (let round = 0; round < ROUNDS; round++) {
    const goal: Goal = { name: 'slots' }
    const built = build({ compiled, flows, kinds, goal, caps, inflate })
    const found = search(built.model, { effort, within, counted, until })
    if (round === 0) slotsBound = Math.ceil(-found.bound * total - 1e-6)
    if (found.bound === -Infinity && round === 0) return { best: null, slotsBound: Infinity }
    let served = 0
    const packed = found.values === null ? [] : packings(built, found.values)
    if (found.values !== null && kinds.some(isUnpacked)) {
      const again = build({ ...built, kinds: withCandidates(built, found.values, packed) })
      const counting = search(again.model, { effort, within, counted, until })
      if (counting.values !== null) packed.push(...packings(again, counting.values))
    }
    for (const sets of packed) {
      const checked = check(compiled, flows, goal, sets, counted)
      if (checked === null) continue
      served = Math.max(served, Math.min(...checked.served))
      if (allServed(checked) && checked.slots < (best?.slots ?? Infinity)) best = checked
      if (best !== null && best.slots <= slotsBound) return { best, slotsBound }
    }
    // Where even the inflated demand has no answer, something between may.
    if (found.values === null || served >= 1 - 1e-5) enough = inflate
    else tooLittle = inflate
    if (enough - tooLittle < 0.03) break
    // The same slots again: a larger step.
    step = served > before + 1e-3 ? 1.02 / Math.max(served, 0.01) : step * step
    inflate = enough < Infinity ? (tooLittle + enough) / 2 : inflate * Math.min(3, step)
    before = served
  }
  return { best: best === null ? null : trim(compiled, flows, best, counted), slotsBound }
}

/** Takes slots away for as long as everything is still served. */
function trim(
  compiled: Compiled,
  flows: Flows,
  checked: Checked,
  counted: Counted,
): Checked {
  const goal: Goal = { name: 'slots' }
  let best = checked
  for (let k = best.kinds.length - 1, turns = 0; k >= 0 && turns < TRIMS; turns++) {
    const kind = best.kinds[k]!
    const fewer = best.kinds.map((one, i) => i === k ? { ...one, slots: one.slots - 1 } : one)
      .filter(({ slots }) => slots > 0)
    const next = fewer.length > 0 ? check(compiled, flows, goal, fewer, counted) : null
    if (next !== null && allServed(next)) {
      best = next
      if (kind.slots > 1) continue
    }
    k--
  }
  return best
}

/**
 * Placement: which sets of variants the slots of each class shall hold, and which slots are awake.
 * The paper's allocation problem in three steps: the best variants on the fewest slots; if they
 * cannot carry the demand, the most accuracy with all slots; if nothing can, the most queries.
 *
 * Pure: the same problem gives the same placement, whatever the machine.
 *
 * @module
 */
import type { Asked } from './asked.ts'
import { type Goal, type Kind, SERVED } from './build.ts'
import { bestFlows } from './best.ts'
import { compile, type Compiled } from './compile.ts'
import { flowsOf } from './flows.ts'
import type { Counted } from './lp.ts'
import { nothingPlaced, onlyHeld, type Outcome, placementOf, workOf } from './outcome.ts'
import type { Placement } from './placement.ts'
import type { Problem } from './problem.ts'
import { allServed, check } from './check.ts'
import { fewestSlots } from './hardware.ts'
import { openKinds } from './packings.ts'
import { orderOf } from './order.ts'
import { hasPeak, shortOf } from './peak.ts'
import { priceOfSets } from './moves.ts'
import { reserveOf } from './reserve.ts'
import { saturated } from './saturated.ts'
import { merge } from './sets.ts'
import { stage } from './stage.ts'

/** Share of the peak that may be left out; less is no better plan. */
const LITTLE = 1e-3

/** Never throws for want of capacity; RangeError for pipelines that share a name. */
export function place(problem: Problem): Placement {
  const inTime = compile(problem)
  const ways = flowsOf(inTime)
  const late = ways.flows.length === 0
  const compiled = late ? compile(problem, late) : inTime
  const counted: Counted = { programs: 0, columns: 0, rejected: 0, updates: 0 }
  const flows = late ? flowsOf(compiled) : ways
  const open = openKinds(compiled)
  if (flows.flows.length === 0 || open.length === 0) return nothingPlaced(compiled, counted)
  const held = heldKinds(compiled, problem)
  const asked: Asked = { compiled, problem, flows, open, held, counted }
  const outcome = served(asked) ?? saturated(asked)
  if (outcome === null) return nothingPlaced(compiled, counted)
  const { checked } = outcome
  const standby = outcome.standby ??
    reserveOf(compiled, problem, checked, workOf(checked), counted)
  const order = orderOf(compiled, flows, held, [...checked.kinds, ...standby], counted)
  const placement = placementOf(compiled, flows, { ...outcome, standby, order }, counted)
  return late ? onlyHeld(compiled, placement, counted) : placement
}

/** What slots hold now, as far as their class still has them and is able to run it. */
function heldKinds({ shapes, classes }: Compiled, { holding = [] }: Problem): Kind[] {
  return classes.flatMap((one) => {
    let left = one.slots
    const sets = holding.filter((held) => held.class === one.given.name).flatMap((h) => h.sets)
    const known = merge(sets.map(({ variants, slots }) => ({
      variants: variants.map(shapes.find).filter((variant) => variant !== undefined)
        .filter((variant) => one.able.includes(variant)),
      slots: Math.max(0, Math.floor(slots) || 0),
    })))
    return known.flatMap(({ variants, slots }): Kind[] => {
      const count = Math.min(slots, left)
      if (variants.length === 0 || count === 0) return []
      if (one.holds === 'one' && variants.length > 1) return []
      left -= count
      return [{ class: one, variants, slots: count }]
    })
  })
}

/**
 * All that is asked for: by the best variants on few slots where that does no worse, the moment of more
 * demand and the moves there counted, than what all slots together do. It may do a little worse, as
 * far as slots can rest: else a pool that is nearly full changes half of what it holds, and back, as
 * demand comes and goes.
 */
function served(asked: Asked): Outcome | null {
  const few = hardware(asked)
  if (few === null || !hasPeak(asked.compiled, { name: 'accuracy' })) return few ?? accuracy(asked)
  const { compiled, flows, counted } = asked
  const kinds = [...few.checked.kinds, ...few.standby ?? []]
  const together = check(compiled, flows, { name: 'accuracy' }, kinds, counted)
  const all = accuracy(asked)
  if (all === null || together === null) return few
  const slots = compiled.classes.reduce((sum, one) => sum + one.slots, 0)
  const least = all.checked.score - compiled.options.hysteresis * (1 - few.checked.slots / slots)
  return together.score >= least ? few : all
}

function hardware({ compiled, problem, flows, open, held, counted }: Asked): Outcome | null {
  const best = bestFlows(compiled, flows)
  if (best === null) return null
  const { best: fresh, slotsBound } = fewestSlots(compiled, best, open, counted)
  let [checked, kept] = [fresh, false]
  if (held.length > 0) {
    const stays = fewestSlots(compiled, best, held, counted).best
    const most = (fresh?.slots ?? Infinity) * (1 + compiled.options.hysteresis)
    if (stays !== null && stays.slots <= most) [checked, kept] = [stays, true]
  }
  if (checked === null) return null
  // The best variants on few slots, but nothing for a moment of more demand: then quick ones, too.
  const standby = reserveOf(compiled, problem, checked, workOf(checked), counted)
  if (shortOf(compiled, [...checked.kinds, ...standby], counted) > LITTLE) return null
  return { mode: 'hardware', checked, standby, bound: NaN, slotsBound, kept }
}

function accuracy({ compiled, flows, open, held, counted }: Asked): Outcome | null {
  const goal: Goal = { name: 'accuracy' }
  const fresh = stage(compiled, flows, goal, open, counted)
  const stays = held.length > 0 ? stage(compiled, flows, goal, held, counted).best : null
  const carries = [fresh.best, stays].filter((one) => one !== null && allServed(one))
  if (carries.length === 0) return null
  const better = Math.max(...carries.map((one) => one!.score))
  const price = fresh.best === null ? 0 : priceOfSets(compiled, fresh.best.kinds, held)
  const kept = stays !== null && allServed(stays) &&
    stays.score >= better - price - LITTLE
  const checked = kept ? stays : carries.find((one) => one!.score === better)!
  return {
    ...{ mode: 'accuracy', checked, slotsBound: 0, kept: kept || checked === stays },
    bound: (fresh.plainBound - SERVED) * compiled.totalPerS,
  }
}

/**
 * Placement: which sets of variants the slots of each class shall hold, and which slots are awake.
 * The paper's allocation problem in three steps: the best variants on the fewest slots; if they
 * cannot carry the demand, the most accuracy with all slots; if nothing can, the most queries.
 *
 * Pure: the same problem gives the same placement, whatever the machine.
 *
 * @module
 */
import { allServed, check } from './check.ts'
import { compile, type Compiled, type Kind } from './compile.ts'
import { fewestSlots, mostAccurate } from './fewest.ts'
import { type Flows, flowsOf } from './flows.ts'
import { scheduleOf } from './migration.ts'
import { mostOf } from './most.ts'
import { priceOfSets } from './moves.ts'
import { nothingPlaced, onlyHeld, type Outcome, placementOf } from './outcome.ts'
import { overload } from './overload.ts'
import { openKinds } from './packing.ts'
import { place as params } from './params.ts'
import { hasPeak, shortOf } from './peak.ts'
import type { Placement } from './placement.ts'
import type { Problem } from './problem.ts'
import { setsOf } from './sets.ts'
import { sparesOf } from './spares.ts'
import type { Goal } from './types.ts'

/** What each step is given. */
interface Asked {
  compiled: Compiled
  flows: Flows
  /** Kinds that may be chosen anew, and those that slots hold: as told, and as far as they count. */
  open: Kind[]
  known: Kind[]
  held: Kind[]
}

const ACCURACY: Goal = { name: 'accuracy' }

/** Never throws for want of capacity; RangeError for pipelines that share a name. */
export function place(problem: Problem): Placement {
  let compiled = compile(problem)
  let flows = flowsOf(compiled)
  const late = flows.flows.length === 0
  if (late) {
    compiled = compile(problem, late)
    flows = flowsOf(compiled)
  }
  const open = openKinds(compiled)
  if (flows.flows.length === 0 || open.length === 0) return nothingPlaced(compiled)
  const known = knownKinds(compiled, problem)
  const held = heldKinds(compiled, known)
  const asked = { compiled, flows, open, known, held }
  const outcome = allCarried(asked) ?? overload(compiled, flows, open, held)
  if (outcome === null) return nothingPlaced(compiled)
  const { checked } = outcome
  const standby = outcome.standby ?? sparesOf(compiled, checked, known)
  const schedule = scheduleOf(compiled, flows, held, [...checked.kinds, ...standby])
  const placement = placementOf(compiled, { ...outcome, standby }, schedule)
  return late ? onlyHeld(compiled, placement) : placement
}

/** What slots hold now, as told, less what their class is not able to run. */
function knownKinds({ shapes, classes }: Compiled, { holding = [] }: Problem): Kind[] {
  return classes.flatMap((one) =>
    holding.filter((held) => held.class === one.given.name).flatMap(({ sets }) => sets)
      .map(({ variants, slots }) => ({
        class: one,
        variants: variants.map(shapes.find).filter((variant) => variant !== undefined)
          .filter((variant) => one.able.includes(variant)),
        slots: Math.max(0, Math.floor(slots) || 0),
      })).filter(({ variants }) => variants.length > 0)
  )
}

/** The same sets together, on no more slots than their class still has. */
function heldKinds({ classes }: Compiled, known: readonly Kind[]): Kind[] {
  return classes.flatMap((one) => {
    let left = one.slots
    return setsOf(one, known).flatMap(({ variants, slots }): Kind[] => {
      const count = Math.min(slots, left)
      if (count === 0 || one.holds === 'one' && variants.length > 1) return []
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
function allCarried(asked: Asked): Outcome | null {
  const { compiled, flows } = asked
  const few = fewest(asked)
  if (few === null || !hasPeak(compiled)) return few ?? accurate(asked)
  const together = check(compiled, flows, ACCURACY, [...few.checked.kinds, ...few.standby ?? []])
  const all = accurate(asked)
  if (all === null || together === null) return few
  const resting = 1 - few.checked.slots / compiled.slots
  return together.score >= all.checked.score - params.hysteresis * resting ? few : all
}

function fewest({ compiled, flows, open, known, held }: Asked): Outcome | null {
  const best = mostAccurate(compiled, flows)
  if (best === null) return null
  const fresh = fewestSlots(compiled, best, open)
  const stays = held.length > 0 ? fewestSlots(compiled, best, held).best : null
  const most = (fresh.best?.slots ?? Infinity) * (1 + params.hysteresis)
  const kept = stays !== null && stays.slots <= most
  const checked = kept ? stays : fresh.best
  if (checked === null) return null
  // The best variants on few slots, but nothing for a moment of more demand: then quick ones, too.
  const standby = sparesOf(compiled, checked, known)
  if (shortOf(compiled, [...checked.kinds, ...standby]) > params.peakMissing) return null
  return { mode: 'hardware', checked, standby, bound: NaN, slotsBound: fresh.slotsBound, kept }
}

function accurate({ compiled, flows, open, held }: Asked): Outcome | null {
  const fresh = mostOf(compiled, flows, ACCURACY, open)
  const stays = held.length > 0 ? mostOf(compiled, flows, ACCURACY, held).best : null
  const carries = [fresh.best, stays].filter((one) => one !== null && allServed(one))
  if (carries.length === 0) return null
  const better = Math.max(...carries.map((one) => one!.score))
  const price = fresh.best === null ? 0 : priceOfSets(fresh.best.kinds, held)
  const kept = stays !== null && allServed(stays) &&
    stays.score >= better - price - params.peakMissing
  const checked = kept ? stays : carries.find((one) => one!.score === better)!
  return {
    mode: 'accuracy',
    checked,
    bound: (fresh.bound - params.served) * compiled.totalPerS,
    slotsBound: 0,
    kept: kept || checked === stays,
  }
}

/**
 * Room for the hasty: a batch that is long for the queries of another pipeline leaves some slots that
 * are not at such batches. Work is taken up as slots come free, whoever it is of, and nothing that
 * runs is broken off: without this all slots are at the long batches of one pipeline now and then,
 * while the queries of another run out of time. Who has long batches has the time to wait.
 *
 * As many slots as the mix gives the hasty work for would be too many: their own batches make room for
 * one another all the time. Half of that, and its square root for what chance has come together, was
 * found in simulation of pools made by lot.
 *
 * @module
 */
import { meanMsOn, type Slot } from '../pool/slots.ts'
import type { Member } from './batching.ts'
import type { View } from './choose.ts'

/** Share of their SLO from which on a batch is long for the queries of a pipeline. */
const LONG = 0.3
/** Slots left for so many slots' worth of work: a part of it, and of its square root. */
const PART = 0.5
const CHANCE = 1
/** For less work nothing is kept free: hardly anybody asks. */
const LEAST = 0.05

/** Whether a batch leaves enough slots to others if it begins on this one. */
export function leavesRoom(members: readonly Member[], slot: Slot, view: View): boolean {
  const { capacity: { slotCount, layout }, targets, backlog: { free } } = view
  // Where slots come free evenly nobody's batches are long for others; who does not hold all may not
  // be able to do what it is kept free for.
  if (typeof free === 'number' || !layout.allHeld) return true
  const { variant } = members[0]!.choice.prefix
  const batchMs = meanMsOn(slot, variant, members.length)
  let slots = 0
  let leastMs = Infinity
  for (const { pipeline: name, sloMs, slots: own } of targets.pipelines()) {
    if (name === variant.ref.pipeline || LONG * sloMs > batchMs) continue
    slots += own
    leastMs = Math.min(leastMs, sloMs)
  }
  const wanted = slots < LEAST ? 0 : Math.ceil(PART * slots + CHANCE * Math.sqrt(slots))
  // One slot is there for long batches in any case.
  const needed = Math.min(wanted, slotCount - 1)
  return needed <= 0 || slotCount - 1 - free.busyAfter(LONG * leastMs) >= needed
}

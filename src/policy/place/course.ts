/**
 * One slot after another, from what is held to what shall be: the order in which most is carried while
 * they load, as far as a search that goes on with the few best beginnings finds it. A step that costs
 * nothing by itself may leave the next ones nothing to spare.
 *
 * @module
 */
import type { ClassShape } from './compile.ts'
import { type Holdings, keyOfHoldings, lacking, slotsOf, surplus } from './holdings.ts'
import { loading, moved, type Step } from './waves.ts'

/** From what to what, so many slots at a step. */
export interface Change {
  classes: readonly ClassShape[]
  start: Holdings
  goal: Holdings
  size: number
}

/** What is carried with it, and how accurately. */
export type Value = (holdings: Holdings) => number

/** Slots that change one after the other. */
interface Course {
  steps: readonly Step[]
  /** What is held once they have. */
  after: Holdings
  /** What is carried while each of them loads, together. */
  sum: number
}

/** Moves that are weighed; what comes after them waits for other plans. */
const MOST = 6
/** Pairs of what is held and what shall be that are weighed for one of them. */
const MOST_PAIRS = 36
/** Beginnings that the search goes on with. */
const BEAM = 4
/** What is carried in the end counts where all else is the same. */
const IN_THE_END = 1e-3

/** Steps in the order in which most is carried meanwhile. */
export function bestCourse(change: Change, value: Value): readonly Step[] {
  let courses: Course[] = [{ steps: [], after: change.start, sum: 0 }]
  for (let count = 0; count < MOST; count++) {
    const longer = new Map<string, Course>()
    for (const { steps, after, sum } of courses) {
      for (const step of stepsFrom(after, change)) {
        const next = moved(after, step)
        const carried = value(loading(after, step)) + IN_THE_END * value(next)
        const course = { steps: [...steps, step], after: next, sum: sum + carried }
        const key = keyOfHoldings(next)
        const known = longer.get(key)
        if (known === undefined || course.sum > known.sum) longer.set(key, course)
      }
    }
    if (longer.size === 0) break
    courses = [...longer.values()].sort((a, b) => b.sum - a.sum).slice(0, BEAM)
  }
  return courses[0]!.steps
}

/** What is held once all have let go of what they only have too much of: nothing is to be loaded. */
export function afterLettingGo(change: Change, value: Value): Holdings {
  let after = change.start
  for (;;) {
    const steps = stepsFrom(after, change)
    if (steps.length === 0 || lacking(steps[0]!.from, steps[0]!.to) > 0) return after
    const each = steps.map((step) => moved(after, step))
    after = each.reduce((best, one) => value(one) > value(best) ? one : best)
  }
}

/** Those that load fewest variants. */
function stepsFrom(after: Holdings, { classes, goal, size }: Change): Step[] {
  let steps: Step[] = []
  let fewest = Infinity
  for (const one of classes) {
    for (const from of surplus(after, goal, one)) {
      for (const to of surplus(goal, after, one)) {
        const loads = lacking(from, to)
        if (loads > fewest) continue
        if (loads < fewest) steps = []
        fewest = loads
        const slots = Math.min(
          size,
          from.slots - slotsOf(goal, from),
          to.slots - slotsOf(after, to),
        )
        steps.push({ from, to, slots })
      }
    }
  }
  return steps.slice(0, MOST_PAIRS)
}

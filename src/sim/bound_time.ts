/**
 * The bound of demand that changes: of each time of one rate, weighted by what is served in it.
 *
 * @module
 */
import { comeBy, type Stretch } from './evened.ts'
import type { Trace } from './scenario_schema.ts'

export interface Bound {
  /** Share of the queries that can be served at all. */
  served: number
  /** Mean accuracy of those. */
  accuracy: number
}

type BoundAt = (...ratesPerS: number[]) => Bound

/** The same, which does not solve twice for what are the same rates but for rounding. */
export function known(bound: BoundAt): BoundAt {
  const found = new Map<string, Bound>()
  return (...ratesPerS) => {
    const key = ratesPerS.map((rate) => rate.toPrecision(9)).join()
    const one = found.get(key) ?? bound(...ratesPerS)
    found.set(key, one)
    return one
  }
}

/**
 * @param courses how each trace's queries are served
 * @returns of all, and of those that came in each bin: who came first is served first
 */
export function overTime(
  traces: readonly Trace[],
  courses: readonly Stretch[][],
  bound: BoundAt,
): Bound & { bins: Bound[] } {
  const { binSeconds } = traces[0]!
  const count = Math.max(...traces.map(({ rates }) => rates.length))
  const come = traces.map(comeBy)
  const comeByEnd = Array.from(
    { length: count },
    (_, bin) => sumOf(come.map((by) => by((bin + 1) * binSeconds))),
  )
  const sums = comeByEnd.map(() => ({ asked: 0, served: 0, accuracy: 0 }))
  let bin = 0
  let done = 0
  for (const { seconds, rates } of together(courses)) {
    const found = bound(...rates)
    for (let left = sumOf(rates) * seconds; left > 0;) {
      const isLast = bin === count - 1
      const room = isLast ? left : Math.min(left, Math.max(0, comeByEnd[bin]! - done))
      const sum = sums[bin]!
      sum.asked += room
      sum.served += room * found.served
      sum.accuracy += room * found.served * found.accuracy
      done += room
      left -= room
      if (left > 0) bin++
    }
  }
  const boundOf = ({ asked, served, accuracy }: typeof sums[number]): Bound => ({
    served: asked > 0 ? served / asked : 1,
    accuracy: served > 0 ? accuracy / served : 0,
  })
  const all = {
    asked: sumOf(sums.map(({ asked }) => asked)),
    served: sumOf(sums.map(({ served }) => served)),
    accuracy: sumOf(sums.map(({ accuracy }) => accuracy)),
  }
  const nobody = bound(...traces.map(() => 0))
  return { ...boundOf(all), bins: sums.map((sum) => sum.asked > 0 ? boundOf(sum) : nobody) }
}

/** Cut where any of them changes its rate. */
function together(courses: readonly Stretch[][]): { seconds: number; rates: number[] }[] {
  const times = [...new Set(courses.flatMap((course) => course.map(({ toS }) => toS)))]
    .sort((a, b) => a - b)
  const at = courses.map(() => 0)
  let fromS = 0
  return times.map((toS) => {
    const rates = courses.map((course, i) => {
      while ((course[at[i]!]?.toS ?? Infinity) <= fromS) at[i]!++
      return course[at[i]!]?.ratePerS ?? 0
    })
    const seconds = toS - fromS
    fromS = toS
    return { seconds, rates }
  })
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)

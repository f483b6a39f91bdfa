/**
 * Columns of the frontier's program that can do without one another: they take the time of one group
 * alone, and are alike in all else. Where one, or two of them in turn, give as much for less, a third
 * is in no mix: without it the program is smaller, and what comes of it the same.
 *
 * @module
 */

export interface Rival<T> {
  column: T
  /** Share of the group's time for a unit of it. */
  load: number
  score: number
}

/**
 * Those that may be in a mix: the upper hull of score over load, as far as it rises; by their load.
 *
 * @example
 * ```ts
 * needed([
 *   { column: 'a', load: 1, score: 1 },
 *   { column: 'b', load: 2, score: 1.4 }, // half of each of its neighbours gives 1.5
 *   { column: 'c', load: 3, score: 2 },
 *   { column: 'd', load: 4, score: 2 },
 * ]) // 'a' and 'c'
 * ```
 */
export function needed<T>(rivals: readonly Rival<T>[]): Rival<T>[] {
  const hull: Rival<T>[] = []
  for (const rival of [...rivals].sort((a, b) => a.load - b.load || b.score - a.score)) {
    if (hull.length > 0 && rival.score <= hull[hull.length - 1]!.score) continue
    while (hull.length > 1 && isBelow(hull[hull.length - 1]!, hull[hull.length - 2]!, rival)) {
      hull.pop()
    }
    hull.push(rival)
  }
  return hull
}

/**
 * What they give most with, all of it together and in so much of the group's time: shares of one or
 * two. Undefined where that is too little for any.
 *
 * @param hull as of {@linkcode needed}
 */
export function mostWithin<T>(hull: readonly Rival<T>[], time: number): [T, number][] | undefined {
  const next = hull.findIndex(({ load }) => load > time)
  if (next === 0 || hull.length === 0) return undefined
  const less = hull[next < 0 ? hull.length - 1 : next - 1]!
  if (next < 0 || time === less.load) return [[less.column, 1]]
  const more = hull[next]!
  const share = (time - less.load) / (more.load - less.load)
  return [[less.column, 1 - share], [more.column, share]]
}

/** Whether the other two in turn give more than this one for its load. */
const isBelow = <T>({ load, score }: Rival<T>, less: Rival<T>, more: Rival<T>): boolean =>
  (score - less.score) * (more.load - less.load) < (more.score - less.score) * (load - less.load)

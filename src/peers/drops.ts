/**
 * The drop policies of the Loki paper (section 5.2, Figure 7). One item dropped is the query lost.
 *
 * - `none`: nothing is dropped; what is late runs all the same and takes the time of others.
 * - `last-task`: at a leaf, before it runs, when it cannot end by the deadline.
 * - `per-task`: besides, after a task in which it spent (waiting and running) more than its budget.
 * - `rerouting`: instead, when it overran its budget by x and the table sends it to a worker of
 *   processing time y, it goes to the most accurate worker with capacity left and a time of at most
 *   y - x, ties at random; dropped where there is none.
 *
 * The paper leaves open what holds at the leaf under the last two; here it is the rule of
 * `last-task`, without which they could not win over it.
 *
 * @module
 */
import type { Worker } from './worker.ts'
import { profiledMs } from './worker.ts'

export const DROP_RULES = ['none', 'last-task', 'per-task', 'rerouting'] as const
export type DropRule = typeof DROP_RULES[number]

/** @throws RangeError */
export function dropRuleOf(given: string | undefined, usual: DropRule): DropRule {
  if (given === undefined) return usual
  const rule = DROP_RULES.find((name) => name === given)
  if (rule === undefined) {
    throw new RangeError(`Cannot use drop rule ${given}: there are ${DROP_RULES.join(', ')}`)
  }
  return rule
}

/** Opportunistic rerouting: where an item that is late by `lateMs` goes instead of `planned`. */
export function reroute(
  planned: Worker,
  lateMs: number,
  backup: readonly Worker[],
  random: () => number,
): Worker | undefined {
  const limitMs = profiledMs(planned) - lateMs
  const able = backup.filter((worker) => profiledMs(worker) <= limitMs)
  const best = able.filter((worker) => worker.variant!.accuracy === able[0]!.variant!.accuracy)
  return best[Math.floor(random() * best.length)]
}

/**
 * Hardware scaling where every slot holds what it needs: how many nodes of each group are to be
 * awake. The others are warm and rest; the dispatcher calls on them when work would wait too long.
 *
 * @module
 */
import { type Mix, slackOf } from './frontier/mix.ts'
import type { FrontierProblem } from './frontier/problem.ts'
import type { Shapes } from './shape.ts'

export interface Awake {
  /**
   * Slots of each group, by its key, that should take part in this mix.
   *
   * @param keep share of a query's time that decisions leave alone
   */
  decide(
    shapes: Shapes,
    problem: FrontierProblem,
    mix: Mix,
    keep: number,
    nowMs: number,
  ): Map<string, number>
}

/** Share of queries that may wait longer than the mix leaves them time for: they go a quicker way. */
const LONG_WAITS = 0.15
/** What is needed is the mean over so long, */
const WINDOW_MS = 10_000
/** unless it rose or fell by this factor: then what came before says nothing. */
const JUMP = 1.25
/** Where slots do not hold all: slots beyond the load, in square roots of it, */
const SAFETY = 0.6
/** and they go to rest when they were not needed for so long. */
const HOLD_MS = 5000

/**
 * Slots for a load of so many slots' worth of work.
 *
 * Work comes in lumps, all of a query at once, and chance makes a queue of them. The share of queries
 * that wait longer than some time falls exponentially with it, the faster the more slots there are
 * beyond the load: as of a fluid with the drift and the variance of such lumps. So what is needed
 * beyond the load follows from how many lumps a query has time to wait for, whatever the load. Where
 * all is planned to the full it is what the aim keeps back, which is learned.
 *
 * @param workMs time of a slot for all of one query
 * @param slackMs how long a query can wait and still be served as the mix has it
 * @param aim share of the slots' time that may be planned with
 */
export function slotsFor(load: number, workMs: number, slackMs: number, aim: number): number {
  if (load <= 1e-9) return 0
  const beyond = workMs * Math.log(1 / LONG_WAITS) / (2 * Math.max(slackMs, 1e-3))
  return Math.ceil(load + Math.max(beyond, load / aim - load) - 1e-9)
}

/**
 * The same where slots do not hold all: there is no quicker way that a query could go when it waited,
 * so few are to wait at all (Erlang's formula; the square-root rule of staffing).
 */
export const slotsWithoutWait = (load: number) =>
  load <= 1e-9 ? 0 : Math.ceil(load + SAFETY * Math.sqrt(load))

export function createAwake(): Awake {
  /** For each group the load of the last while, oldest first. */
  const loads = new Map<string, { atMs: number; load: number }[]>()
  /** And the most slots that one which does not hold all needed, most first. */
  const needs = new Map<string, { atMs: number; slots: number }[]>()

  function mostNeeded(key: string, slots: number, nowMs: number): number {
    const recent = (needs.get(key) ?? []).filter((need) =>
      nowMs - need.atMs < HOLD_MS && need.slots > slots
    )
    recent.push({ atMs: nowMs, slots })
    needs.set(key, recent)
    return recent[0]!.slots
  }

  function meanLoad(key: string, load: number, nowMs: number): number {
    const before = (loads.get(key) ?? []).filter(({ atMs }) => nowMs - atMs < WINDOW_MS)
    const mean = before.reduce((sum, one) => sum + one.load, 0) / before.length
    const jumped = load > JUMP * mean || load * JUMP < mean
    const recent = before.length === 0 || jumped ? [] : before
    recent.push({ atMs: nowMs, load })
    loads.set(key, recent)
    return recent.reduce((sum, one) => sum + one.load, 0) / recent.length
  }

  return {
    decide(shapes, problem, mix, keep, nowMs) {
      const ratePerMs = problem.ratesPerS.reduce((sum, rate) => sum + rate, 0) / 1000
      const slackMs = slackOf(shapes, problem, mix) * (1 - keep)
      const result = new Map<string, number>()
      problem.groups.forEach((group, g) => {
        const time = mix.work.reduce((sum, row) => sum + row[g]!, 0) * group.slots
        const workMs = time / Math.max(ratePerMs, 1e-9)
        const slots = holdsAll(problem, g)
          ? slotsFor(meanLoad(group.key, time, nowMs), workMs, slackMs, problem.aim)
          : mostNeeded(group.key, Math.min(group.slots, slotsWithoutWait(time)), nowMs)
        result.set(group.key, Math.min(group.slots, slots))
      })
      for (const kept of [loads, needs]) {
        for (const key of kept.keys()) if (!result.has(key)) kept.delete(key)
      }
      return result
    },
  }
}

/** Whether the group holds all that anybody does. */
const holdsAll = ({ services }: FrontierProblem, g: number) =>
  services.every((servers) => servers.length === 0 || servers.some(({ group }) => group === g))

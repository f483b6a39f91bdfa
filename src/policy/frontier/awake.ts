/**
 * Hardware scaling where every slot holds what it needs: how many nodes of each group are to be
 * awake. The others are warm and rest; the dispatcher calls on them when work would wait too long.
 *
 * @module
 */
import { leastSloMs, type Shapes } from '../shape.ts'
import { drainLevel, isDraining, USUAL_QUEUE } from './drain.ts'
import { type Mix, slackOf } from './mix.ts'
import type { FrontierProblem } from './problem.ts'

export interface Awake {
  /**
   * Slots of each group that holds all, by its key, that should take part.
   *
   * @param mix what the demand asks for with all slots, whatever waits
   */
  decide(
    shapes: Shapes,
    problem: FrontierProblem,
    mix: Mix,
    state: State,
    nowMs: number,
  ): Map<string, number>
  /** Adds those of the groups that do not: as many as the mix in force gives work to. */
  addOthers(problem: FrontierProblem, mix: Mix, awake: Map<string, number>, nowMs: number): void
}

/** What is needed beyond what the demand comes to depends on it. */
export interface State {
  /** See `Lumps`. */
  lossPerShare: number
  /** Share of a query's time that decisions leave alone. */
  keep: number
  /** What is to come of all inside, in shares of SLOs, for those who take part so far, */
  queue: number
  /** who are so many slots' worth of time. */
  planned: number
}

/** A queue that takes longer than such a share of an SLO is worked off by more slots, */
const LONG_QUEUE = 0.4
/** what is beyond it in such a share. */
const WORKED_OFF = 0.5
/** Share of queries that may wait longer than the mix leaves them time for: they go a quicker way. */
const LONG_WAITS = 0.5
/**
 * Share of the accuracy that may be lost to queues, as long as what lowers it is not reckoned to
 * shorten them. It does, so what is lost in the end is about a twentieth of that.
 */
const LOSS = 0.025
/** No more slots beyond the load than this. */
const MOST_BEYOND = 64
/** What is needed is the mean over so long, */
const WINDOW_MS = 10_000
/** unless it rose or fell by this factor: then what came before says nothing. */
const JUMP = 1.25
/** Where slots do not hold all: slots beyond the load, in square roots of it, */
const SAFETY = 0.6
/** and they go to rest when they were not needed for so long. */
const HOLD_MS = 5000

/** What queues before so many slots depend on. */
export interface Lumps {
  /** Time of a slot for all of one query. */
  workMs: number
  /** How long a query can wait and still be served as the mix has it; and in all. */
  slackMs: number
  sloMs: number
  /** Share of the accuracy that is lost for each share of the work that a lower mix saves. */
  lossPerShare: number
}

/**
 * Slots for a load of so many slots' worth of work.
 *
 * Work comes in lumps, all of a query at once, and chance makes a queue of them. The share of queries
 * that wait longer than some time falls exponentially with it, the faster the more slots there are
 * beyond the load: as of a fluid with the drift and the variance of such lumps. So what is needed
 * beyond the load follows from how many lumps a query has time to wait for, and from what it costs in
 * accuracy to work a queue off, whatever the load. Where all is planned to the full it is what the
 * aim keeps back, which is learned.
 *
 * @param aim share of the slots' time that may be planned with
 */
export function slotsFor(load: number, lumps: Lumps, aim: number): number {
  if (load <= 1e-9) return 0
  const beyond = lumps.workMs * Math.log(1 / LONG_WAITS) / (2 * Math.max(lumps.slackMs, 1e-3))
  let slots = Math.ceil(load + Math.max(beyond, load / aim - load) - 1e-9)
  const most = load + MOST_BEYOND
  while (slots < most && lossOf(slots, load, lumps) > LOSS) slots++
  return slots
}

/**
 * Mean share of the accuracy that is given up while queues are worked off, as `frontier/drain.ts`
 * does: by how much the queue is longer than is usual, and than what slots beyond the load do anyhow.
 */
function lossOf(slots: number, load: number, { workMs, sloMs, lossPerShare }: Lumps): number {
  /** How fast long queues get seldom, per share of an SLO. */
  const decay = 2 * (slots - load) * sloMs / workMs
  const free = USUAL_QUEUE + 1 - load / slots
  return lossPerShare * Math.exp(-decay * free) / Math.max(decay, 1e-9)
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
  let before: ReadonlyMap<string, number> = new Map()

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
    decide(shapes, problem, mix, { lossPerShare, keep, queue, planned }, nowMs) {
      const ratePerMs = problem.ratesPerS.reduce((sum, rate) => sum + rate, 0) / 1000
      const slackMs = slackOf(shapes, problem, mix) * (1 - keep)
      const sloMs = leastSloMs(shapes)
      const result = new Map<string, number>()
      let lacks = false
      problem.groups.forEach((group, g) => {
        if (!holdsAll(problem, g)) return
        const time = timeOf(mix, g, group.slots)
        const workMs = time / Math.max(ratePerMs, 1e-9)
        const lumps = { workMs, slackMs, sloMs, lossPerShare }
        const slots = slotsFor(meanLoad(group.key, time, nowMs), lumps, problem.aim)
        result.set(group.key, slots)
        lacks ||= slots > group.slots
      })
      addForQueue(problem, result, queue * planned)
      // Nobody goes to rest before a queue is worked off, however few come now.
      for (const [key, slots] of isDraining(drainLevel(queue)) ? before : []) {
        if (result.has(key)) result.set(key, Math.max(slots, result.get(key)!))
      }
      before = result
      // Where a group has too few, others make up for it, and the mix says how.
      for (const { key, slots } of problem.groups) {
        if (lacks && result.has(key)) result.set(key, slots)
      }
      for (const key of loads.keys()) if (!result.has(key)) loads.delete(key)
      return result
    },
    addOthers(problem, mix, awake, nowMs) {
      const others = new Set<string>()
      problem.groups.forEach(({ key, slots }, g) => {
        if (holdsAll(problem, g)) return
        others.add(key)
        const needed = slotsWithoutWait(timeOf(mix, g, slots))
        awake.set(key, mostNeeded(key, Math.min(slots, needed), nowMs))
      })
      for (const key of needs.keys()) if (!others.has(key)) needs.delete(key)
    },
  }
}

/** Adds those that a long queue is worked off with. @param queue in SLOs of one slot */
function addForQueue(
  { groups }: FrontierProblem,
  awake: Map<string, number>,
  queue: number,
): void {
  const usual = [...awake.values()].reduce((sum, slots) => sum + slots, 0)
  const more = Math.floor((queue - LONG_QUEUE * usual) / WORKED_OFF)
  if (more <= 0 || usual === 0) return
  for (const { key, slots } of groups) {
    const own = awake.get(key)
    if (own !== undefined) awake.set(key, Math.min(slots, Math.ceil(own * (1 + more / usual))))
  }
}

/** What the mix gives a group to do, in slots' worth of time. */
const timeOf = ({ work }: Mix, g: number, slots: number) =>
  work.reduce((sum, row) => sum + row[g]!, 0) * slots

/** A group with this load has no time left. */
const FULL = 0.97

/** Whether the mix leaves every group some time: more would not be served better by more slots. */
export const hasTimeLeft = (mix: Mix, { groups, aim }: FrontierProblem): boolean =>
  groups.every((_, g) => timeOf(mix, g, 1) < FULL * aim)

/**
 * The problem with the time of awake slots alone, where more are not needed: the mix is made for
 * these, so that a queue before them lowers it a little for all, as it does where there are no more.
 * Slots that do not hold all help one another only so far, and count whether they rest or not.
 *
 * @returns the same where all are awake, or none
 */
export function withAwake(
  problem: FrontierProblem,
  awake: ReadonlyMap<string, number>,
): FrontierProblem {
  let duty = 0
  const groups = problem.groups.map((group, g) => {
    const slots = awake.get(group.key) ?? group.slots
    const rests = slots < group.slots && holdsAll(problem, g)
    const own = rests ? { ...group, duty: group.duty * slots / group.slots } : group
    duty += own.duty
    return own
  })
  return duty > 0 && groups.some((group, g) => group !== problem.groups[g])
    ? { ...problem, groups }
    : problem
}

/** Whether the group holds all that anybody does. */
const holdsAll = ({ services }: FrontierProblem, g: number) =>
  services.every((servers) => servers.length === 0 || servers.some(({ group }) => group === g))

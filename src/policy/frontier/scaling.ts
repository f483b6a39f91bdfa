/**
 * Hardware scaling: how many slots of each group take part, what their time is worth, and so the
 * problem that the mix is made for.
 *
 * @module
 */
import type { Shapes } from '../shape.ts'
import { createAwake, hasTimeLeft, withAwake } from './awake.ts'
import type { Mix } from './mix.ts'
import { totalDuty } from './model.ts'
import { groupPrices } from './prices.ts'
import type { FrontierProblem } from './problem.ts'
import { createFrontier, emptyMix, type Solve } from './solve.ts'
import { lossPerShare } from './worth.ts'

export interface Scaling {
  /**
   * @param whole all slots
   * @returns what makes the mix of those that take part, for a share of their time
   */
  decide(whole: FrontierProblem, at: Circumstances): Solve
  /** Adds slots that hold only some variants, for the mix that came of it. */
  addOthers(whole: FrontierProblem, mix: Mix, nowMs: number): void
  /** Slots that take part, by key of the group. */
  readonly awake: Map<string, number>
  /** What the time of a slot of each group is worth, likewise. */
  readonly prices: ReadonlyMap<string, number>
}

export interface Circumstances {
  /** Share of a query's time that decisions leave alone. */
  keep: number
  /** What is to come of all inside, in shares of SLOs, for those who take part so far. */
  queue: number
  /** A new one says that the pool has changed. */
  epoch: number
  nowMs: number
}

/** Looked at anew so often, */
const LOOK_MS = 200
const PRICES_MS = 1000
/** and at once when a demand differs by so much. */
const JUMP = 0.1

export function createScaling(shapes: Shapes): Scaling {
  const frontierOf = createFrontier(shapes)
  const rule = createAwake()
  let awake = new Map<string, number>()
  let prices: ReadonlyMap<string, number> = new Map()
  /** See `lossPerShare`. */
  let loss = 0
  let rests = false
  /** Slots' worth of time that the mix in force is made for. */
  let planned = 0
  let known = {
    epoch: -1,
    ratesPerS: [] as readonly number[],
    atMs: -Infinity,
    pricedMs: -Infinity,
  }

  function isDue({ ratesPerS }: FrontierProblem, epoch: number, nowMs: number): boolean {
    if (epoch !== known.epoch || nowMs - known.atMs >= LOOK_MS) return true
    return ratesPerS.some((rate, p) => {
      const before = known.ratesPerS[p] ?? 0
      return Math.abs(rate - before) > JUMP * before
    })
  }

  function look(
    whole: FrontierProblem,
    solve: Solve,
    { keep, queue, epoch, nowMs }: Circumstances,
  ): void {
    const mix = solve(whole.aim) ?? emptyMix(shapes, whole)
    const isPriced = epoch === known.epoch && nowMs - known.pricedMs < PRICES_MS
    if (!isPriced) {
      const found = groupPrices(shapes, { ...whole, aim: 1 })
      prices = new Map(whole.groups.map(({ key }, g) => [key, found[g]!]))
      loss = lossPerShare(mix, solve, whole)
    }
    rests = hasTimeLeft(mix, whole)
    awake = rule.decide(shapes, whole, mix, { lossPerShare: loss, keep, queue, planned }, nowMs)
    const { ratesPerS } = whole
    known = { epoch, ratesPerS, atMs: nowMs, pricedMs: isPriced ? known.pricedMs : nowMs }
  }

  return {
    decide(whole, at) {
      const solve = isDue(whole, at.epoch, at.nowMs) ? frontierOf(whole) : undefined
      if (solve !== undefined) look(whole, solve, at)
      const problem = rests ? withAwake(whole, awake) : whole
      planned = totalDuty(problem)
      return problem === whole && solve !== undefined ? solve : frontierOf(problem)
    },
    addOthers: (whole, mix, nowMs) => rule.addOthers(whole, mix, awake, nowMs),
    get awake() {
      return awake
    },
    get prices() {
      return prices
    },
  }
}

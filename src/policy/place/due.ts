/**
 * When a placement is worth working out anew, and when all slots are to be looked at for the one in
 * force.
 *
 * @module
 */
import { load } from './params.ts'

/**
 * When a placement is worth working out anew: the pool changed, the demand did, or time has passed;
 * and whether one that was asked for is of use still.
 */
export class PlaceDue {
  #askedMs = -Infinity
  #askedRates: readonly number[] = []
  #pending = false
  /** Those that the placement in force was asked for with; undefined where there is none. */
  #placedRates: readonly number[] | undefined
  /** The last answer was of no use: the next is taken, however that may be. */
  #refused = false
  /** When the pool changed after the last placement was asked for. */
  #changedMs: number | null = null

  /** The pool changed; nodes often come together. */
  changed(nowMs: number): void {
    this.#changedMs = nowMs
  }

  /** A placement is asked for, with this demand. */
  asked(ratesPerS: number[], nowMs: number): void {
    this.#changedMs = null
    this.#askedMs = nowMs
    this.#askedRates = ratesPerS
    this.#pending = true
  }

  /** The answer is there. Whether it is of use: not when demand jumped since it was asked for. */
  answered(ratesPerS: readonly number[]): boolean {
    this.#pending = false
    this.#refused = !this.#refused && this.#jumped(this.#askedRates, ratesPerS)
    if (!this.#refused) this.#placedRates = this.#askedRates
    return !this.#refused
  }

  /** Whether demand jumped since the placement in force was asked for. */
  isOvertaken(ratesPerS: readonly number[]): boolean {
    return this.#jumped(this.#placedRates ?? [], ratesPerS)
  }

  /** From when a placement may be asked for. */
  atMs(ratesPerS: readonly number[], nowMs: number): number {
    const askedMs = this.#askedMs
    if (this.#pending && nowMs - askedMs < load.plannerMs) return askedMs + load.plannerMs
    const isUrgent = this.#placedRates === undefined || this.#jumped(this.#askedRates, ratesPerS)
    const soonestMs = isUrgent ? -Infinity : askedMs + load.leastPlaceMs
    if (this.#changedMs !== null) return Math.max(this.#changedMs, soonestMs)
    const changed = ratesPerS.some((rate, p) => {
      const before = this.#askedRates[p] ?? 0
      return rate > before * (1 + load.rise) + load.risePerS ||
        rate < before * (1 - load.fall) - load.fallPerS
    })
    return changed ? soonestMs : askedMs + load.placeMs
  }

  #jumped(before: readonly number[], ratesPerS: readonly number[]): boolean {
    return this.#placedRates !== undefined &&
      ratesPerS.some((rate, p) => rate > (before[p] ?? 0) * load.jump + load.fallPerS)
  }
}

/**
 * How often all slots are looked at where they cannot hold all: each load that ends is a reason to, but
 * not in a large pool.
 */
export class Throttle {
  #lookedMs = -Infinity
  #isLeft = false

  /** Whether news of single nodes is left for later, in a pool of so many. */
  waits(nodes: number, nowMs: number): boolean {
    this.#isLeft = nowMs < this.#nextMs(nodes)
    return this.#isLeft
  }

  /** All slots were looked at: nothing is left. */
  looked(nowMs: number): void {
    this.#lookedMs = nowMs
    this.#isLeft = false
  }

  /** When what was left is to be looked at; Infinity where nothing was. */
  atMs(nodes: number): number {
    return this.#isLeft ? this.#nextMs(nodes) : Infinity
  }

  #nextMs(nodes: number): number {
    return this.#lookedMs + nodes * load.eachMs
  }
}

/**
 * How much of a pool may be gone before its slots can hold something else. Which nodes leave is not
 * known beforehand, but how often they do is learned: what is held has to serve without some of them.
 */
export class Departures {
  #nodes = 0
  #sinceMs: number | undefined
  /** Time that nodes were here, and how many went. */
  #presentMs = load.priorMs
  #gone = 0

  /** A node came: so many are here now. */
  joined(nodes: number, nowMs: number): void {
    this.#settle(nowMs)
    this.#nodes = nodes
  }

  /** A node went, likewise. */
  left(nodes: number, nowMs: number): void {
    this.joined(nodes, nowMs)
    this.#gone++
  }

  /** Share of the nodes that may go until slots have changed; 0 where nobody leaves. */
  shareAtRisk(nowMs: number): number {
    if (this.#nodes === 0 || this.#gone < 1e-3) return 0
    this.#settle(nowMs)
    const expected = this.#nodes * this.#gone / this.#presentMs * load.changingMs
    // No more than twice the deviations of few.
    const risk = expected + load.deviations * Math.min(Math.sqrt(expected), 2 * expected)
    return Math.min(risk / this.#nodes, load.mostAtRisk)
  }

  #settle(nowMs: number): void {
    const kept = Math.exp(-(nowMs - (this.#sinceMs ?? nowMs)) / load.memoryMs)
    this.#sinceMs = nowMs
    this.#gone *= kept
    const before = (this.#presentMs - load.priorMs) * kept
    this.#presentMs = load.priorMs + before + this.#nodes * load.memoryMs * (1 - kept)
  }
}

/**
 * When a new placement is worth computing, and when all slots are to be checked against the one in force.
 *
 * @module
 */
import { load } from './params.ts'

/**
 * When a new placement is worth computing (the pool or the demand changed, or time has passed), and
 * whether a requested one is still of use.
 */
export class PlaceDue {
  #requestedMs = -Infinity
  #requestedRates: readonly number[] = []
  #pending = false
  /** Demand for which the placement in force was requested; undefined without a placement. */
  #placedRates: readonly number[] | undefined
  /** Whether the last placement was discarded: then the next one is taken in any case. */
  #refused = false
  /** When the pool changed after the last request. */
  #changedMs: number | null = null

  /** The pool changed; nodes often join together. */
  changed(nowMs: number): void {
    this.#changedMs = nowMs
  }

  /** A placement was requested for this demand, in queries per second. */
  requested(ratesPerS: number[], nowMs: number): void {
    this.#changedMs = null
    this.#requestedMs = nowMs
    this.#requestedRates = ratesPerS
    this.#pending = true
  }

  /** A placement arrived. Returns whether to use it: not if demand jumped since the request. */
  answered(ratesPerS: readonly number[]): boolean {
    this.#pending = false
    this.#refused = !this.#refused && this.#jumped(this.#requestedRates, ratesPerS)
    if (!this.#refused) this.#placedRates = this.#requestedRates
    return !this.#refused
  }

  /** Whether demand jumped since the placement in force was requested. */
  isOvertaken(ratesPerS: readonly number[]): boolean {
    return this.#jumped(this.#placedRates ?? [], ratesPerS)
  }

  /** From when a placement may be requested. */
  atMs(ratesPerS: readonly number[], nowMs: number): number {
    const requestedMs = this.#requestedMs
    if (this.#pending && nowMs - requestedMs < load.plannerMs) return requestedMs + load.plannerMs
    const isUrgent = this.#placedRates === undefined ||
      this.#jumped(this.#requestedRates, ratesPerS)
    const soonestMs = isUrgent ? -Infinity : requestedMs + load.leastPlaceMs
    if (this.#changedMs !== null) return Math.max(this.#changedMs, soonestMs)
    const changed = ratesPerS.some((rate, p) => {
      const before = this.#requestedRates[p] ?? 0
      return rate > before * (1 + load.rise) + load.risePerS ||
        rate < before * (1 - load.fall) - load.fallPerS
    })
    return changed ? soonestMs : requestedMs + load.placeMs
  }

  #jumped(before: readonly number[], ratesPerS: readonly number[]): boolean {
    return this.#placedRates !== undefined &&
      ratesPerS.some((rate, p) => rate > (before[p] ?? 0) * load.jump + load.fallPerS)
  }
}

/**
 * Limits how often all slots are checked if slots cannot hold all variants: after each load in a small
 * pool, less often in a large one.
 */
export class Throttle {
  #lookedMs = -Infinity
  #isLeft = false

  /** Whether changes of single nodes are left for later, in a pool of this many nodes. */
  waits(nodes: number, nowMs: number): boolean {
    this.#isLeft = nowMs < this.#nextMs(nodes)
    return this.#isLeft
  }

  /** All slots were checked. */
  looked(nowMs: number): void {
    this.#lookedMs = nowMs
    this.#isLeft = false
  }

  /** When to check what was left; Infinity if nothing was. */
  atMs(nodes: number): number {
    return this.#isLeft ? this.#nextMs(nodes) : Infinity
  }

  #nextMs(nodes: number): number {
    return this.#lookedMs + nodes * load.eachMs
  }
}

/**
 * Share of the pool that may leave before its slots can change. Departures of single nodes cannot be
 * predicted, but their rate is learned: the placement must serve without some of the nodes.
 */
export class Departures {
  #nodes = 0
  #sinceMs: number | undefined
  /** Node-ms of presence, and departures, both decaying. */
  #presentMs = load.priorMs
  #gone = 0

  /** A node joined; `nodes` is the new count. */
  joined(nodes: number, nowMs: number): void {
    this.#settle(nowMs)
    this.#nodes = nodes
  }

  /** A node left; `nodes` is the new count. */
  left(nodes: number, nowMs: number): void {
    this.joined(nodes, nowMs)
    this.#gone++
  }

  /** Share of the nodes that may leave before slots have changed; 0 without departures. */
  shareAtRisk(nowMs: number): number {
    if (this.#nodes === 0 || this.#gone < 1e-3) return 0
    this.#settle(nowMs)
    const expected = this.#nodes * this.#gone / this.#presentMs * load.changingMs
    // With few expected departures, at most twice the usual deviations.
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

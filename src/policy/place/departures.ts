/**
 * How much of a pool may be gone before its slots can hold something else. Which nodes leave is not
 * known beforehand, but how often they do is learned: what is held has to serve without some of them.
 *
 * @module
 */
import { load } from './params.ts'

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

/**
 * How much of a pool may be gone before its slots can hold something else. Who leaves is not known
 * beforehand, but how often nodes leave is learned: what is held has to serve without some of them.
 *
 * @module
 */

export interface Departures {
  /** A node came or went: so many are here now. */
  joined(nodes: number, nowMs: number): void
  left(nodes: number, nowMs: number): void
  /** Share of the nodes that may go until slots have changed; 0 where nobody leaves. */
  shareAtRisk(nowMs: number): number
}

/** What is older counts less. */
const MEMORY_MS = 300_000
/** At first nodes are thought to stay: so much time of theirs in which none went. */
const PRIOR_MS = 600_000
/** Until a placement is made, begun and loaded. */
const CHANGING_MS = 2500
/** In deviations of the number that goes; no more than twice that of few. */
const DEVIATIONS = 2

export function createDepartures(): Departures {
  let nodes = 0
  let sinceMs: number | undefined
  /** Time that nodes were here, and how many went. */
  let presentMs = PRIOR_MS
  let gone = 0

  function settle(nowMs: number): void {
    const passedMs = nowMs - (sinceMs ?? nowMs)
    sinceMs = nowMs
    const kept = Math.exp(-passedMs / MEMORY_MS)
    gone *= kept
    presentMs = PRIOR_MS + (presentMs - PRIOR_MS) * kept + nodes * MEMORY_MS * (1 - kept)
  }

  return {
    joined(now, nowMs) {
      settle(nowMs)
      nodes = now
    },
    left(now, nowMs) {
      settle(nowMs)
      nodes = now
      gone++
    },
    shareAtRisk(nowMs) {
      if (nodes === 0 || gone < 1e-3) return 0
      settle(nowMs)
      const expected = nodes * gone / presentMs * CHANGING_MS
      const risk = expected + DEVIATIONS * Math.min(Math.sqrt(expected), 2 * expected)
      return Math.min(risk / nodes, 0.5)
    },
  }
}

/**
 * What the messages of one link take of the coordinator's one thread. Each is bounded in size; this
 * bounds them together, so that no node can keep the coordinator from all others.
 *
 * @module
 */

/** To read results takes less of the thread than what their queries take besides. */
const SHARE = 0.5
/** At once, after a while of less: a node that joins has much to say. */
const BURST_MS = 1000
/**
 * What took longer took it for the machine's sake: garbage was collected, or the process slept. Several
 * times what messages take that are made to take long.
 */
const MOST_MS = 1
const MOST_MS_PER_BYTE = 1e-3

export interface Cost {
  /** Of late. */
  readonly spentMs: number
  /** Adds what a message of so many bytes took of the thread. False where it is too much by now. */
  spend(tookMs: number, bytes: number): boolean
}

export function createCost(now: () => number): Cost {
  let spentMs = 0
  let atMs = now()

  function leftOver(): number {
    const nowMs = now()
    spentMs = Math.max(0, spentMs - SHARE * (nowMs - atMs))
    atMs = nowMs
    return spentMs
  }

  return {
    get spentMs() {
      return leftOver()
    },
    spend(tookMs, bytes) {
      spentMs = leftOver() + Math.min(tookMs, MOST_MS + MOST_MS_PER_BYTE * bytes)
      return spentMs <= BURST_MS
    },
  }
}

/**
 * How often it is worked out what slots are to hold where they cannot hold all. All of them are looked
 * at for that, and each load that ends is a reason to: in a pool of a thousand nodes it would take
 * longer than what they load.
 *
 * @module
 */
export interface Pace {
  /** Whether news of single nodes is left for later, in a pool of so many. */
  waits(nodes: number, nowMs: number): boolean
  /** All slots were looked at: nothing is left. */
  looked(nowMs: number): void
  /** When what was left is to be looked at; Infinity where nothing was. */
  atMs(nodes: number): number
}

/** In a pool of more nodes not for each load, but once in so long for each node. */
const MOST_UNPACED = 128
const EACH_MS = 0.1

export function createPace(): Pace {
  let lookedMs = -Infinity
  let isLeft = false

  const nextMs = (nodes: number) => lookedMs + nodes * EACH_MS

  return {
    waits(nodes, nowMs) {
      isLeft = nodes > MOST_UNPACED && nowMs < nextMs(nodes)
      return isLeft
    },
    looked(nowMs) {
      lookedMs = nowMs
      isLeft = false
    },
    atMs: (nodes) => isLeft ? nextMs(nodes) : Infinity,
  }
}

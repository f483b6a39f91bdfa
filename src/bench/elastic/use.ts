/**
 * How many slots are in use over a while.
 *
 * @module
 */
import type { NodeInfo } from '../../client/types.ts'

const LOOK_MS = 200

/** Begins at once. */
export function watchUse(pool: { nodes(): NodeInfo[] }): { end(): { slots: number } } {
  let looks = 0
  let slots = 0
  const look = () => {
    looks++
    for (const { inUse } of pool.nodes()) slots += inUse.slots * inUse.duty
  }
  const timer = setInterval(look, LOOK_MS)
  look()
  return {
    end() {
      clearInterval(timer)
      return { slots: slots / looks }
    },
  }
}

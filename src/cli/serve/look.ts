/**
 * How much of crops is looked at in one turn of the event loop: whatever nodes send, others wait no
 * longer than that.
 *
 * @module
 */
import { setImmediate } from 'node:timers'
import type { Look } from '../../stages/agreement/crops.ts'

/** Pixels of both sides, decoded and compared in about 57 ms: 60 lines of text. */
const TURN_PIXELS = 2 ** 20

/** @returns what a comparison may look at: half of what this turn has left, so that there is a next */
export function createLook(decodeJpeg: Look['decodeJpeg'], random: () => number): () => Look {
  let left = TURN_PIXELS
  let last: Look | undefined
  return () => {
    if (last === undefined) {
      setImmediate(() => {
        left = TURN_PIXELS
        last = undefined
      })
    }
    left += Math.max(0, last?.pixels ?? 0)
    last = { decodeJpeg, random, pixels: Math.ceil(left / 2) }
    left -= last.pixels
    return last
  }
}

/**
 * Sockets before their hello. Each takes a descriptor and a place for as long as its hello may
 * take, so that their number is bounded; `growth.ts` bounds their memory.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'

export interface PendingSockets {
  /**
   * Takes a place. Returns a function that gives it back, and may be called more than once.
   *
   * @throws ApiError `rate_limited` where there is none
   */
  enter(address: string): () => void
  /** Gives an address no place for this time, or for a minute where that is less. */
  turnAway(address: string, ms: number): void
}

const RETRY_MS = 5000
const MAX_TURNED_AWAY_MS = 60_000
/** Addresses turned away at once; beyond that the first of them gets places again. */
const MAX_TURNED_AWAY = 10_000

export function createPendingSockets(
  now: () => number,
  { perAddress = 16, all = 1024 } = {},
): PendingSockets {
  const waiting = new Map<string, number>()
  const turnedAwayUntilMs = new Map<string, number>()
  let total = 0

  return {
    turnAway(address, ms) {
      const untilMs = now() + Math.min(ms, MAX_TURNED_AWAY_MS)
      const knownMs = turnedAwayUntilMs.get(address) ?? 0
      turnedAwayUntilMs.delete(address)
      turnedAwayUntilMs.set(address, Math.max(untilMs, knownMs))
      if (turnedAwayUntilMs.size <= MAX_TURNED_AWAY) return
      turnedAwayUntilMs.delete(turnedAwayUntilMs.keys().next().value!)
    },
    enter(address) {
      const leftMs = (turnedAwayUntilMs.get(address) ?? 0) - now()
      if (leftMs > 0) {
        throw new ApiError(
          'rate_limited',
          'Cannot open a link: one from there was closed for what it said',
          leftMs,
        )
      }
      turnedAwayUntilMs.delete(address)
      const here = waiting.get(address) ?? 0
      if (here >= perAddress || total >= all) {
        throw new ApiError('rate_limited', 'Cannot open a link: too many are waiting', RETRY_MS)
      }
      waiting.set(address, here + 1)
      total++
      let isHeld = true
      return () => {
        if (!isHeld) return
        isHeld = false
        total--
        const left = (waiting.get(address) ?? 1) - 1
        if (left === 0) waiting.delete(address)
        else waiting.set(address, left)
      }
    },
  }
}

/**
 * Sockets that have not said hello. Each may hold what the server gathers of a message before anyone
 * can look at it, and one whose closing is ignored stays open, so that their number is bounded.
 *
 * @module
 */
import { ApiError } from '../api_error.ts'

export interface Lobby {
  /**
   * Takes a place. Returns what gives it back, once or more often.
   *
   * @throws ApiError `rate_limited` where there is none
   */
  enter(address: string): () => void
}

const RETRY_MS = 5000

export function createLobby({ perAddress = 16, all = 1024 } = {}): Lobby {
  const waiting = new Map<string, number>()
  let total = 0

  return {
    enter(address) {
      const here = waiting.get(address) ?? 0
      if (here >= perAddress || total >= all) {
        throw new ApiError('rate_limited', 'Cannot open a link: too many are waiting', RETRY_MS)
      }
      waiting.set(address, here + 1)
      total++
      let inside = true
      return () => {
        if (!inside) return
        inside = false
        total--
        const left = (waiting.get(address) ?? 1) - 1
        if (left === 0) waiting.delete(address)
        else waiting.set(address, left)
      }
    },
  }
}

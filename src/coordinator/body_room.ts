/**
 * What bodies under way may take: all together, and those of one address.
 *
 * @module
 */
import { ApiError } from './api_error.ts'

const RETRY_MS = 1000
/** Of all room, what one address elsewhere may take at most. */
const SHARE = 1 / 4

export interface BodyRoom {
  /** Bytes that are taken. */
  readonly bytes: number
  /**
   * @param bytes below 0 gives room back
   * @param address of a caller elsewhere; this machine's own share all there is
   * @throws ApiError `queue_full` or `rate_limited` where there is no room
   */
  hold(bytes: number, address: string | undefined): void
}

export function createBodyRoom(maxBytes: number): BodyRoom {
  const byAddress = new Map<string, number>()
  let all = 0
  return {
    get bytes() {
      return all
    },
    hold(bytes, address) {
      if (bytes > 0 && all + bytes > maxBytes) {
        throw new ApiError('queue_full', 'Cannot take a body: too many are on their way', RETRY_MS)
      }
      if (address !== undefined) {
        const own = (byAddress.get(address) ?? 0) + bytes
        if (bytes > 0 && own > maxBytes * SHARE) {
          const message = 'Cannot take a body: too many of yours are on their way'
          throw new ApiError('rate_limited', message, RETRY_MS)
        }
        if (own > 0) byAddress.set(address, own)
        else byAddress.delete(address)
      }
      all += bytes
    },
  }
}

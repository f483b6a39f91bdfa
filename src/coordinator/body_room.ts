/**
 * What bodies under way may take: all together, and those of one address.
 *
 * @module
 */
import { ApiError } from './api_error.ts'

const RETRY_MS = 1000
/** Of all room, what one address elsewhere may take at most. */
const SHARE = 1 / 4
/** What this machine may: others always get in beside it. */
const OWN_SHARE = 3 / 4

export interface BodyRoom {
  /** Bytes that are taken. */
  readonly bytes: number
  /**
   * @param bytes below 0 gives room back
   * @param address of a caller elsewhere; absent for this machine
   * @throws ApiError `queue_full` or `rate_limited` where there is no room
   */
  hold(bytes: number, address: string | undefined): void
  /** Holds so many bytes until this is done. @throws ApiError as `hold`, before it begins */
  within<T>(bytes: number, address: string | undefined, work: () => Promise<T>): Promise<T>
  /** Whether there is room for so many bytes more. */
  fits(bytes: number, address: string | undefined): boolean
}

export function createBodyRoom(maxBytes: number): BodyRoom {
  /** `undefined` is this machine. */
  const byAddress = new Map<string | undefined, number>()
  let all = 0

  const ownOf = (address: string | undefined) => byAddress.get(address) ?? 0
  const fitsAll = (bytes: number) => all + bytes <= maxBytes
  const fitsOwn = (bytes: number, address: string | undefined) =>
    ownOf(address) + bytes <= maxBytes * (address === undefined ? OWN_SHARE : SHARE)

  const room: BodyRoom = {
    get bytes() {
      return all
    },
    fits: (bytes, address) => fitsAll(bytes) && fitsOwn(bytes, address),
    async within(bytes, address, work) {
      room.hold(bytes, address)
      try {
        return await work()
      } finally {
        room.hold(-bytes, address)
      }
    },
    hold(bytes, address) {
      if (bytes > 0 && !fitsAll(bytes)) {
        throw new ApiError('queue_full', 'Cannot take a body: too many are on their way', RETRY_MS)
      }
      if (bytes > 0 && !fitsOwn(bytes, address)) {
        const message = 'Cannot take a body: too many of yours are on their way'
        throw new ApiError('rate_limited', message, RETRY_MS)
      }
      const own = ownOf(address) + bytes
      if (own > 0) byAddress.set(address, own)
      else byAddress.delete(address)
      all += bytes
    },
  }
  return room
}

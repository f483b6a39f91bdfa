/**
 * What bodies under way may take: all together, and those of one key or address.
 *
 * @module
 */
import { createRoom, type Holder, type Room } from './shares.ts'

const RETRY_MS = 1000

export interface BodyRoom extends Room {
  /** Bytes that are taken. */
  readonly bytes: number
  /** Holds so many bytes until this is done. @throws ApiError as `hold`, before it begins */
  within<T>(bytes: number, holder: Holder, work: () => Promise<T>): Promise<T>
  fits(bytes: number, holder: Holder): boolean
}

/**
 * @param deed what is refused beyond, as errors say it
 * @param what is counted
 */
export function createBodyRoom(
  most: number,
  deed = 'take a body',
  what = 'bytes under way',
): BodyRoom {
  const room = createRoom(() => ({ most, deed, what, retryAfterMs: RETRY_MS }))
  return {
    ...room,
    async within(bytes, holder, work) {
      room.hold(bytes, holder)
      try {
        return await work()
      } finally {
        room.hold(-bytes, holder)
      }
    },
    fits: (bytes, holder) => room.refusal(bytes, holder) === undefined,
    get bytes() {
      return room.all()
    },
  }
}

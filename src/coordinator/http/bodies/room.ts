/**
 * Memory for bodies under way: of all together, and of one key or address.
 *
 * @module
 */
import { createRoom, type Holder, type Room } from '../../core/shares.ts'

const RETRY_MS = 1000

export interface BodyRoom extends Room {
  /** Bytes in use. */
  readonly bytes: number
  fits(bytes: number, holder: Holder): boolean
}

/**
 * @param deed the refused act, in errors
 * @param what the counted things, in errors
 */
export function createBodyRoom(
  most: number,
  deed = 'take a body',
  what = 'bytes under way',
): BodyRoom {
  const room = createRoom(() => ({ most, deed, what, retryAfterMs: RETRY_MS }))
  return {
    ...room,
    fits: (bytes, holder) => room.refusal(bytes, holder) === undefined,
    get bytes() {
      return room.all()
    },
  }
}

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
  fits(bytes: number, holder: Holder): boolean
}

export function createBodyRoom(maxBytes: number): BodyRoom {
  const room = createRoom(() => ({
    ...{ most: maxBytes, deed: 'take a body', what: 'bytes under way', retryAfterMs: RETRY_MS },
  }))
  return {
    ...room,
    fits: (bytes, holder) => room.refusal(bytes, holder) === undefined,
    get bytes() {
      return room.all()
    },
  }
}

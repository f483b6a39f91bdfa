/**
 * What was sent on a link and has yet to leave. Whoever talks and does not read is alive, and lets it
 * grow without end.
 *
 * @module
 */

/** As much as pictures of all queries inside may take: one node may be sent all of them at once. */
const MAX_BYTES = 512 * 1024 * 1024
/** Each takes more than a kilobyte while it waits, however short it is. */
const MAX_MESSAGES = 8192

/**
 * Asked before each message of a link: whether too much waits for another one.
 *
 * @returns takes the bytes that wait, and the bytes that were sent in all
 */
export function createBacklog(): (waitingBytes: number, sentBytes: number) => boolean {
  let messages = 0
  let sentBeforeBytes = 0
  return function isTooMuch(waitingBytes, sentBytes) {
    if (waitingBytes > MAX_BYTES) return true
    if (++messages < MAX_MESSAGES) return false
    // More waits than so many messages were: not even the first of them has left.
    const sinceBytes = sentBytes - sentBeforeBytes
    messages = 0
    sentBeforeBytes = sentBytes
    return waitingBytes > sinceBytes
  }
}

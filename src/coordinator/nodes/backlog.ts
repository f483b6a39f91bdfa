/**
 * Messages that were sent on a link and have yet to leave. A node that sends but does not read
 * counts as alive, and lets them grow without end.
 *
 * @module
 */

/** As much as the pictures of all queries under way: one node may be sent all of them at once. */
const MAX_BYTES = 512 * 1024 * 1024
/** A message takes more than a kilobyte while it waits, however short it is. */
const MAX_MESSAGES = 8192

/**
 * Returns a test, called before each message of a link: whether too much waits for another one.
 *
 * @returns a function of the bytes that wait and the bytes sent since the link opened
 */
export function createBacklog(): (waitingBytes: number, sentBytes: number) => boolean {
  let messages = 0
  let sentBeforeBytes = 0
  return function isTooMuch(waitingBytes, sentBytes) {
    if (waitingBytes > MAX_BYTES) return true
    if (++messages < MAX_MESSAGES) return false
    // More bytes wait than the last `MAX_MESSAGES` messages had: none of these messages has left.
    const sinceBytes = sentBytes - sentBeforeBytes
    messages = 0
    sentBeforeBytes = sentBytes
    return waitingBytes > sinceBytes
  }
}

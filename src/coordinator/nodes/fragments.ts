/**
 * What is there of messages whose other fragments are still to come, on all links together.
 *
 * @module
 */

/** A link, as far as this goes. */
export interface Holder {
  close(code: number, why: string): void
}

export interface FragmentRoom {
  readonly bytes: number
  /**
   * So many bytes more wait on this link. Where that is too much in all, whoever holds most is closed,
   * not whoever came last: a few that never end what they began would shut all others out.
   */
  add(holder: Holder, bytes: number): void
  /** Nothing waits there any more. */
  leave(holder: Holder): void
}

const MAX_BYTES = 512 * 1024 * 1024

export function createFragmentRoom(maxBytes = MAX_BYTES): FragmentRoom {
  const holders = new Map<Holder, number>()
  let bytes = 0

  function leave(holder: Holder): void {
    bytes -= holders.get(holder) ?? 0
    holders.delete(holder)
  }

  /** Of equals whoever began first. */
  function largest(): Holder | undefined {
    let most = 0
    let found: Holder | undefined
    for (const [holder, held] of holders) {
      if (held <= most) continue
      most = held
      found = holder
    }
    return found
  }

  return {
    get bytes() {
      return bytes
    },
    leave,
    add(holder, more) {
      holders.set(holder, (holders.get(holder) ?? 0) + more)
      bytes += more
      while (bytes > maxBytes) {
        const one = largest()!
        leave(one)
        // One that keeps its word comes again, when there is room.
        one.close(1013, 'too much is under way')
      }
    },
  }
}

/**
 * Fragments of messages that are not whole yet, on all links together.
 *
 * @module
 */

/** What this file needs of a link. */
export interface Holder {
  close(code: number, why: string): void
}

export interface FragmentRoom {
  readonly bytes: number
  /**
   * Counts bytes that wait on a link. Where all links together hold too much, the link that holds
   * most is closed, not the last one: else a few links with endless messages would shut out the
   * others.
   */
  add(holder: Holder, bytes: number): void
  /** No bytes wait on this link any more. */
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

  /** The link that holds most; of equals the one that began first. */
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
        // A well-behaved node joins again, and finds room then.
        one.close(1013, 'too much is under way')
      }
    },
  }
}

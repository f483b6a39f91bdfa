/**
 * Places for documents that are open: an idle document gives its place up to one that waits.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'

const SECOND_MS = 1000

/** Bounds of documents that are read while their callers wait. */
const CUTTING = {
  places: 2, // documents that are open at once, each in memory of a worker
  eachPlaces: 1, // of one caller: another always gets in
  waiting: 32, // documents that wait for a place, each in memory
  eachWaiting: 16, // of one caller
  retryMs: SECOND_MS, // until a refused caller is to try again
} as const

export interface Holder {
  readonly caller: string
  /** Whether its document is open, and not worked on. */
  readonly isIdle: boolean
  /** Called when the document gets a place. */
  given(): void
  /** Called when its place is taken away. */
  taken(): void
}

export interface Places {
  /** Asks for a place: `given` follows, perhaps at once. @throws ApiError where too many wait */
  ask(holder: Holder): void
  /** Gives places out again: a document may have become idle. */
  assign(): void
  /** Gives the place back, or ends the wait for one. */
  leave(holder: Holder): void
}

export function createPlaces(): Places {
  const held = new Set<Holder>()
  const waiting = new Set<Holder>()
  const countOf = (holders: Set<Holder>, caller: string) =>
    [...holders].filter((one) => one.caller === caller).length

  /** An idle document whose place this one may take. */
  function victimFor({ caller }: Holder): Holder | undefined {
    const isOwnShareFull = countOf(held, caller) >= CUTTING.eachPlaces
    return [...held].find((one) => one.isIdle && (!isOwnShareFull || one.caller === caller))
  }

  function hasRoom({ caller }: Holder): boolean {
    return held.size < CUTTING.places && countOf(held, caller) < CUTTING.eachPlaces
  }

  function assign(): void {
    for (const holder of waiting) {
      if (!hasRoom(holder)) {
        const victim = victimFor(holder)
        if (victim === undefined) continue
        held.delete(victim)
        victim.taken()
      }
      waiting.delete(holder)
      held.add(holder)
      holder.given()
    }
  }

  return {
    assign,
    ask(holder) {
      if (waiting.size >= CUTTING.waiting) {
        const message = `Cannot open the document: over ${CUTTING.waiting} others wait to be opened`
        throw new ApiError('queue_full', message, CUTTING.retryMs)
      }
      if (countOf(waiting, holder.caller) >= CUTTING.eachWaiting) {
        const message = `Cannot open the document: over ${CUTTING.eachWaiting} of yours wait`
        throw new ApiError('rate_limited', message, CUTTING.retryMs)
      }
      waiting.add(holder)
      assign()
    },
    leave(holder) {
      waiting.delete(holder)
      if (held.delete(holder)) assign()
    },
  }
}

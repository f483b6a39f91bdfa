/**
 * Places for documents that are open: whoever has one that it does not use just now gives it up to whoever
 * waits.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'
import { CUTTING } from './params.ts'

export interface Holder {
  readonly caller: string
  /** Whether its document is open, and not worked on. */
  readonly isIdle: boolean
  /** It has a place from now on; or no more. */
  given(): void
  taken(): void
}

export interface Places {
  /** `given` follows, perhaps at once. @throws ApiError where too many wait */
  ask(holder: Holder): void
  /** It may have become idle. */
  look(): void
  /** It wants none any more. */
  leave(holder: Holder): void
}

export function createPlaces(): Places {
  const held = new Set<Holder>()
  const waiting = new Set<Holder>()
  const countOf = (holders: Set<Holder>, caller: string) =>
    [...holders].filter((one) => one.caller === caller).length

  /** One that may be taken away so that this one gets in. */
  function victimFor({ caller }: Holder): Holder | undefined {
    const isOwnShareFull = countOf(held, caller) >= CUTTING.eachPlaces
    return [...held].find((one) => one.isIdle && (!isOwnShareFull || one.caller === caller))
  }

  function hasRoom({ caller }: Holder): boolean {
    return held.size < CUTTING.places && countOf(held, caller) < CUTTING.eachPlaces
  }

  function look(): void {
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
    look,
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
      look()
    },
    leave(holder) {
      waiting.delete(holder)
      if (held.delete(holder)) look()
    },
  }
}

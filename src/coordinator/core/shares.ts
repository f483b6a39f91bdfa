/**
 * Shares of bounded resources: one key, or one address, gets a part at most, so that no caller
 * takes all of it from the others.
 *
 * @module
 */
import { ApiError } from './api_error.ts'

/** The holder of a share: a key's hash, or an address; empty or absent for this machine. */
export type Holder = string | undefined

/** The part that one key, or one address elsewhere, may have. */
const SHARE = 1 / 4
/**
 * The part of this machine without a key: its owner is likely alone, yet others get a part, too.
 */
const OWN_SHARE = 3 / 4

export interface Bound {
  /** The most for all holders together. */
  most: number
  /** The refused act, as `keep a file`. */
  deed: string
  /** The counted things, as `files`. */
  what: string
  /** How a caller makes room. */
  remedy?: string
  /** Time after which there may be room again. */
  retryAfterMs?: number
}

export interface Counts {
  all: number
  /** The part of the holder itself. */
  own: number
}

export interface Refusal {
  /**
   * `queue_full` where all together would have too much, `rate_limited` where this holder would.
   */
  reason: 'queue_full' | 'rate_limited'
  message: string
  retryAfterMs?: number
}

/** Why a holder may not have more; undefined where it may. */
export function refusalOf(
  bound: Bound,
  { all, own }: Counts,
  more: number,
  holder: Holder,
): Refusal | undefined {
  const { most, deed, what, remedy, retryAfterMs } = bound
  const share = Math.floor(most * (holder ? SHARE : OWN_SHARE))
  if (all + more <= most && own + more <= share) return undefined
  const toDo = remedy === undefined ? '' : `: ${remedy}`
  const again = retryAfterMs === undefined ? {} : { retryAfterMs }
  if (all + more > most) {
    const message = `Cannot ${deed}: all callers together have ${most} ${what} at most${toDo}`
    return { reason: 'queue_full', message, ...again }
  }
  const name = holder ? 'one key or address' : 'this machine'
  const message =
    `Cannot ${deed}: too many of yours: ${name} has ${share} of ${most} ${what} at most${toDo}`
  return { reason: 'rate_limited', message, ...again }
}

/** @throws ApiError */
export function checkShare(...of: Parameters<typeof refusalOf>): void {
  const refusal = refusalOf(...of)
  if (refusal === undefined) return
  throw new ApiError(refusal.reason, refusal.message, refusal.retryAfterMs)
}

/** A bounded resource, and the amounts that holders have of it. */
export interface Room {
  all(): number
  refusal(amount: number, holder: Holder): Refusal | undefined
  /** @throws ApiError where there is no room for this amount */
  check(amount: number, holder: Holder): void
  /** @param amount below 0 gives room back @throws ApiError where there is none */
  hold(amount: number, holder: Holder): void
  /** Counts an amount without a check. @param amount below 0 gives room back */
  take(amount: number, holder: Holder): void
  /** Holds an amount until the work is done. @throws ApiError as `hold`, before the work begins */
  within<T>(amount: number, holder: Holder, work: () => Promise<T>): Promise<T>
}

/** @param bound the bound at the moment */
export function createRoom(bound: () => Bound): Room {
  const byHolder = new Map<string, number>()
  let all = 0

  function countsOf(holder: Holder): Counts {
    return { all, own: byHolder.get(holder ?? '') ?? 0 }
  }

  const check = (amount: number, holder: Holder) =>
    checkShare(bound(), countsOf(holder), amount, holder)

  function take(amount: number, holder: Holder): void {
    const own = countsOf(holder).own + amount
    if (own > 0) byHolder.set(holder ?? '', own)
    else byHolder.delete(holder ?? '')
    all += amount
  }

  function hold(amount: number, holder: Holder): void {
    if (amount > 0) check(amount, holder)
    take(amount, holder)
  }

  return {
    all: () => all,
    refusal: (amount, holder) => refusalOf(bound(), countsOf(holder), amount, holder),
    check,
    take,
    hold,
    async within(amount, holder, work) {
      hold(amount, holder)
      try {
        return await work()
      } finally {
        take(-amount, holder)
      }
    },
  }
}

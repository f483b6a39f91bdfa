/**
 * Shares: of what all callers have together one key, or one address, gets a part at most, so that
 * nobody takes all of it from the others.
 *
 * @module
 */
import { ApiError } from './api_error.ts'

/** Whom something counts for: a key's hash, or an address; empty or absent for this machine. */
export type Holder = string | undefined

/** Of all there is, what one key or one address elsewhere may have. */
const SHARE = 1 / 4
/** What this machine may without a key: its owner is likely alone, yet others get in beside it. */
const OWN_SHARE = 3 / 4

export interface Bound {
  /** For all together. */
  most: number
  /** What is refused beyond, as `keep a file`. */
  deed: string
  /** What is counted, as `files`. */
  what: string
  /** What makes room. */
  remedy?: string
  /** When there may be room again by itself. */
  retryAfterMs?: number
}

export interface Counts {
  all: number
  /** Of these, the holder's own. */
  own: number
}

export interface Refusal {
  /** `queue_full` where all would have too much, `rate_limited` where this holder would. */
  reason: 'queue_full' | 'rate_limited'
  message: string
  retryAfterMs?: number
}

/** Why a holder is not to have so much more; undefined where it may. */
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
  const whose = holder ? 'one key or address' : 'this machine'
  const message =
    `Cannot ${deed}: too many of yours: ${whose} has ${share} of ${most} ${what} at most${toDo}`
  return { reason: 'rate_limited', message, ...again }
}

/** @throws ApiError */
export function checkShare(...of: Parameters<typeof refusalOf>): void {
  const refusal = refusalOf(...of)
  if (refusal === undefined) return
  throw new ApiError(refusal.reason, refusal.message, refusal.retryAfterMs)
}

/** What holders have of something, as it comes and goes. */
export interface Room {
  all(): number
  refusal(amount: number, holder: Holder): Refusal | undefined
  /** @throws ApiError where there is no room for so much more */
  check(amount: number, holder: Holder): void
  /** @param amount below 0 gives room back @throws ApiError where there is none */
  hold(amount: number, holder: Holder): void
  /** Counts what is there in any case. @param amount below 0 gives room back */
  take(amount: number, holder: Holder): void
  /** Holds so much until this is done. @throws ApiError as `hold`, before it begins */
  within<T>(amount: number, holder: Holder, work: () => Promise<T>): Promise<T>
}

/** @param bound as it is at the moment */
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

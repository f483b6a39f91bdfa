/**
 * Rates by name: a burst, then a number a second, for a bounded number of names.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'

export interface Rate {
  perS: number
  /** Calls at once after a pause. */
  burst: number
}

export interface RateLimit {
  /** @throws ApiError `rate_limited` where this call is one too many */
  take(name: string, rate?: Rate): void
  /** Takes no call. @throws ApiError `rate_limited` where the next call would be one too many */
  check(name: string): void
}

/** Names remembered; beyond that the name that was used longest ago is forgotten. */
const MAX_NAMES = 10_000

export function createRateLimit(rate: Rate, now: () => number): RateLimit {
  /** Calls left at a moment, by name, in the order of their last use. */
  const buckets = new Map<string, { left: number; atMs: number }>()

  function leftOf(name: string, { perS, burst }: Rate): number {
    const bucket = buckets.get(name)
    if (bucket === undefined) return burst
    return Math.min(burst, bucket.left + (now() - bucket.atMs) * perS / 1000)
  }

  function refuseBelowOne(left: number, { perS }: Rate): void {
    if (left >= 1) return
    throw new ApiError(
      'rate_limited',
      `Cannot take more than ${perS} calls a second from you: send fewer`,
      (1 - left) * 1000 / perS,
    )
  }

  return {
    take(name, own = rate) {
      const left = leftOf(name, own)
      refuseBelowOne(left, own)
      buckets.delete(name)
      buckets.set(name, { left: left - 1, atMs: now() })
      if (buckets.size > MAX_NAMES) buckets.delete(buckets.keys().next().value!)
    },
    check: (name) => refuseBelowOne(leftOf(name, rate), rate),
  }
}

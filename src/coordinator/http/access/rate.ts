/**
 * Rates by name: so many at once, then so many a second. Bounded, however many names there are.
 *
 * @module
 */
import { ApiError } from '../../core/api_error.ts'

export interface Rate {
  perS: number
  /** At once, after a while of nothing. */
  burst: number
}

export interface RateLimit {
  /** @throws ApiError `rate_limited` where this is one too many */
  take(name: string, rate?: Rate): void
  /** @throws ApiError `rate_limited` where the next would be one too many; takes nothing */
  check(name: string): void
}

/** Names remembered at once; beyond that the one longest not heard of is forgotten. */
const MAX_NAMES = 10_000

export function createRateLimit(rate: Rate, now: () => number): RateLimit {
  /** What is left, as of a moment; in the order of their last use. */
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

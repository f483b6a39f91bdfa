/**
 * How long to wait before the next try: doubling, with jitter so that a pool does not return as one.
 *
 * @module
 */
export interface BackoffOptions {
  firstMs: number
  mostMs: number
  /** 0..1 */
  random: () => number
}

export interface Backoff {
  /** The next wait: between half of and the whole doubled time. */
  nextMs(): number
  reset(): void
}

export function createBackoff({ firstMs, mostMs, random }: BackoffOptions): Backoff {
  let tries = 0
  return {
    nextMs() {
      const whole = Math.min(mostMs, firstMs * 2 ** Math.min(tries, 30))
      tries++
      return whole * (0.5 + 0.5 * random())
    },
    reset() {
      tries = 0
    },
  }
}

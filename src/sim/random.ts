/**
 * Seeded randomness: the same seed, the same numbers, on every machine.
 *
 * @module
 */

/** Uniform in [0, 1). */
export type Random = () => number

/** The generator known as mulberry32: 32 bits of state, good enough to simulate with. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A seed of its own for each name, so that one stream does not disturb another (FNV-1a). */
export function seedFor(seed: number, name: string): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

export const exponential = (random: Random, mean: number) => -mean * Math.log(1 - random())

/** 1 or more, each so likely to be followed by one more that this is the mean. */
export const geometric = (random: Random, mean: number): number =>
  mean <= 1 ? 1 : 1 + Math.floor(Math.log(1 - random()) / Math.log(1 - 1 / mean))

/** Lognormal with mean 1 and this coefficient of variation; 0 gives 1 and draws nothing. */
export function lognormal(random: Random, cv: number): number {
  if (cv === 0) return 1
  const variance = Math.log(1 + cv * cv)
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return Math.exp(normal * Math.sqrt(variance) - variance / 2)
}

/** Poisson by the inverse of its distribution: a larger mean never gives fewer for one `uniform`. */
export function poisson(uniform: number, mean: number): number {
  let probability = Math.exp(-mean)
  let below = probability
  let count = 0
  while (uniform > below && count < 10 * mean + 100) {
    count++
    probability *= mean / count
    below += probability
  }
  return count
}

/**
 * Counts less spread than Poisson's: some are there each time, and a Poisson part on top. Of those that
 * are always there `once` is the chance of one more, as means are no whole numbers.
 */
function partsOf(mean: number, spread: number): { always: number; once: number; rest: number } {
  const fixed = mean * Math.max(0, 1 - spread ** 2)
  const always = Math.floor(fixed)
  return { always, once: fixed - always, rest: mean - fixed }
}

/**
 * Chance that of such counts' items all come to nothing, each by itself with a chance of `each`: their
 * generating function.
 */
export function noneOf(mean: number, spread: number, each: number): number {
  const excess = spread ** 2 - 1
  if (excess > 0) return (1 + excess * (1 - each)) ** (-mean / excess)
  const { always, once, rest } = partsOf(mean, spread)
  return each ** always * (1 - once * (1 - each)) * Math.exp(-rest * (1 - each))
}

/** What is less is not exact, or 0. */
const LEAST_CHANCE = 1e-300

/** Chances of at most 0, 1, ... where that of none is known. */
function sumsFrom(none: number, growth: (count: number) => number, last: number): number[] {
  const upTo: number[] = []
  let probability = none
  for (let count = 0, sum = 0; count < last; count++) {
    sum += probability
    upTo.push(sum)
    probability *= growth(count)
  }
  return upTo
}

/** The same where none is too unlikely to begin with: as shares of the likeliest count's chance. */
function sumsAround(mean: number, growth: (count: number) => number, last: number): number[] {
  let peak = Math.floor(mean)
  while (peak > 0 && growth(peak - 1) < 1) peak--
  const shares: number[] = Array(Math.ceil(last)).fill(0)
  shares[peak] = 1
  for (let count = peak; count > 0; count--) shares[count - 1] = shares[count]! / growth(count - 1)
  for (let count = peak; count + 1 < last; count++) {
    shares[count + 1] = shares[count]! * growth(count)
  }
  const whole = shares.reduce((sum, share) => sum + share, 0)
  let sum = 0
  return shares.map((share) => (sum += share) / whole)
}

/**
 * Counts by the inverse of their distribution, for many draws with one mean: the distribution is
 * summed up once. A larger mean never gives fewer for one `uniform`.
 *
 * @param spread standard deviation as a multiple of Poisson's; above 1 the counts are negative
 * binomial, at 0 all as near to the mean as whole numbers come
 */
export function poissonCounts(mean: number, spread = 1): (uniform: number) => number {
  const excess = spread ** 2 - 1
  const { always, once, rest } = partsOf(mean, spread)
  // Successes of the negative binomial, and the chance of one more item; Poisson is its limit.
  const size = rest / excess
  const more = excess / spread ** 2
  const growth = (count: number) =>
    excess > 0 ? more * (size + count) / (count + 1) : rest / (count + 1)
  const none = excess > 0 ? noneOf(rest, spread, 0) : Math.exp(-rest)
  const last = 10 * spread ** 2 * rest + 100
  let upTo = none > LEAST_CHANCE ? sumsFrom(none, growth, last) : sumsAround(rest, growth, last)
  if (always + once > 0) {
    const below = (count: number) => count < 0 ? 0 : upTo[count] ?? 1
    upTo = Array.from(
      { length: upTo.length + always + 1 },
      (_, count) => (1 - once) * below(count - always) + once * below(count - always - 1),
    )
  }
  return (uniform) => {
    let low = 0
    let high = upTo.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (upTo[middle]! < uniform) low = middle + 1
      else high = middle
    }
    return low
  }
}

/**
 * Repeatable randomness for generated pages.
 *
 * @module
 */

export interface Random {
  /** Uniform in [0, 1). */
  unit(): number
  /** Uniform in [from, to). */
  between(from: number, to: number): number
  /** Uniform integer, both ends included. */
  integer(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(values: readonly T[]): T
  /** Normal, mean 0 and deviation 1, by the sum of four uniforms: good enough for noise, and fast. */
  normal(): number
}

/** A generator by mulberry32's scheme: 32 bits of state, stirred by multiplication and shifts. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const unit = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (from: number, to: number) => from + unit() * (to - from)
  return {
    unit,
    between,
    integer: (from, to) => Math.floor(between(from, to + 1)),
    chance: (probability) => unit() < probability,
    pick: (values) => values[Math.floor(unit() * values.length)]!,
    normal: () => (unit() + unit() + unit() + unit() - 2) * Math.sqrt(3),
  }
}

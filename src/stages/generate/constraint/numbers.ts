/**
 * Numbers, of no more digits than a double holds: parsing gives back the number written.
 *
 * @module
 */
import type { Moves, Rule, Way } from './rule.ts'

/** Digits before the point, and as many behind it; those of an exponent follow. */
const DIGITS = 15
const EXPONENT_DIGITS = 2
/** The largest whole number of `DIGITS` digits. */
export const LARGEST = 999_999_999_999_999

const [START, SIGN, ZERO, MINUS_ZERO, WHOLE] = [0, 1, 2, 3, 4]
const [POINT, PART, E, E_SIGN, EXPONENT] = [5, 6, 7, 8, 9]
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39
const [PLUS, MINUS, DOT] = [0x2b, 0x2d, 0x2e]

/** Any number, or any that is not below 0. */
export function number(id: number, isSigned = true): Rule {
  const rule: Rule = {
    id,
    least: 0,
    enter: (up: Way, to: Moves) => to.go(rule, START, 0, up),
    step({ at, count, up }, byte, to) {
      const isE = byte === 0x65 || byte === 0x45
      if (at === START && byte === MINUS && isSigned) to.go(rule, SIGN, 0, up)
      else if (at === START || at === SIGN) {
        if (byte === 0x30) to.go(rule, at === SIGN ? MINUS_ZERO : ZERO, 0, up)
        else if (isDigit(byte)) to.go(rule, WHOLE, 1, up)
      } else if (at === WHOLE && isDigit(byte)) {
        if (count < DIGITS) to.go(rule, WHOLE, count + 1, up)
      } else if ((at === ZERO || at === WHOLE || at === MINUS_ZERO) && byte === DOT) {
        to.go(rule, POINT, 0, up)
      } else if ((at === POINT || at === PART) && isDigit(byte)) {
        if (count < DIGITS) to.go(rule, PART, count + 1, up)
      } else if ((at === WHOLE || at === PART) && isE) to.go(rule, E, 0, up)
      else if (at === E && (byte === PLUS || byte === MINUS)) to.go(rule, E_SIGN, 0, up)
      else if ((at === E || at === E_SIGN || at === EXPONENT) && isDigit(byte)) {
        if (count < EXPONENT_DIGITS) to.go(rule, EXPONENT, count + 1, up)
      }
    },
    mayEnd: ({ at }) => at === ZERO || at === WHOLE || at === PART || at === EXPONENT,
  }
  return rule
}

/** Whole numbers from `min` to `max`; `count` is the number so far, `at` its sign. */
export function integer(id: number, min: number, max: number): Rule {
  const signOf = (at: number) => at === SIGN ? -1 : 1
  /** Whether more digits can make it one of them. */
  const leads = (value: number, sign: number): boolean => {
    const [low, high] = sign > 0 ? [Math.max(min, 0), max] : [Math.max(-max, 1), -min]
    if (value === 0) return low <= 0 && high >= 0
    for (let scale = 1; value * scale <= high; scale *= 10) {
      if (value * scale + scale - 1 >= low) return true
    }
    return false
  }
  const rule: Rule = {
    id,
    least: 0,
    enter: (up: Way, to: Moves) => to.go(rule, START, -1, up),
    step({ at, count, up }, byte, to) {
      if (byte === MINUS && at === START && count < 0) {
        if (min < 0) to.go(rule, SIGN, -1, up)
        return
      }
      if (!isDigit(byte) || count === 0) return
      const value = Math.max(count, 0) * 10 + byte - 0x30
      if (leads(value, signOf(at))) to.go(rule, at, value, up)
    },
    mayEnd: ({ at, count }) => count >= 0 && signOf(at) * count >= min && signOf(at) * count <= max,
  }
  return rule
}

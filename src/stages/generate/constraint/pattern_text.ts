/**
 * Strings that fit a pattern. Each character is written in one way, as `JSON.stringify` does it.
 *
 * @module
 */
import { type Lives, livesOf } from './pattern/lengths.ts'
import { classOf, type Table, tableOf } from './pattern/table.ts'
import { LAST } from './pattern/ranges.ts'
import { counted, type Moves, type Rule, type Way } from './rule.ts'
import type { Spend } from './work.ts'

/** Places within a string; above them the bytes so far of a character, and how many are to come. */
const [OUTSIDE, BODY, ESCAPE, U, U_0, U_00, U_000, U_001] = [0, 1, 2, 3, 4, 5, 6, 7]
const PENDING = 2 ** 22
/** A place of a state of the pattern. */
const PLACES = 2 ** 26

const SHORT: { readonly [byte: number]: number } = {
  0x22: 0x22,
  0x5c: 0x5c,
  0x62: 8,
  0x66: 12,
  0x6e: 10,
  0x72: 13,
  0x74: 9,
}
const LONG = Array.from({ length: 32 }, (_, code) => code)
  .filter((code) => !Object.values(SHORT).includes(code))
const ESCAPED = [...Object.values(SHORT), ...LONG]

interface Pattern {
  table: Table
  lives: Lives
}

/** Of one schema, many of whose strings have the same pattern: each is read once. */
export function createPatternTexts(spend: Spend) {
  const known = new Map<string, Pattern>()

  function read(source: string, min: number, max: number): Pattern {
    const table = tableOf(source, spend)
    return { table, lives: livesOf(table, min, max, spend) }
  }

  /** @throws PatternError, or what `spend` throws */
  return (id: number, source: string, min: number, max: number): Rule => {
    const key = `${min},${max},${source}`
    const pattern = known.get(key) ?? read(source, min, max)
    known.set(key, pattern)
    return patternText(id, pattern, min, max)
  }
}

function patternText(id: number, { table, lives }: Pattern, min: number, max: number): Rule {
  const { bounds, next, fits } = table
  const classes = bounds.length

  const more = (count: number) => counted(count + 1, min, max)
  /** Where it goes with a character of this class; below 0 where it cannot. */
  const toOf = (state: number, count: number, i: number): number => {
    const to = count < max ? next[state * classes + i]! : -1
    return to >= 0 && lives(to, more(count)) ? to : -1
  }
  const takes = (state: number, count: number, code: number) =>
    toOf(state, count, classOf(bounds, code)) >= 0
  const takesAny = (state: number, count: number, codes: readonly number[]) =>
    codes.some((code) => takes(state, count, code))
  const takesRange = (state: number, count: number, low: number, high: number) => {
    for (let i = classOf(bounds, low); i < classes && bounds[i]! <= high; i++) {
      if (toOf(state, count, i) >= 0) return true
    }
    return false
  }

  const rule: Rule = {
    id,
    least: 0,
    enter: (up: Way, to: Moves) => to.go(rule, OUTSIDE, 0, up),
    step({ at, count, up }, byte, to) {
      const state = Math.floor(at / PLACES)
      const place = at % PLACES
      const go = (place: number) => to.go(rule, state * PLACES + place, count, up)
      const say = (code: number) => {
        const next = toOf(state, count, classOf(bounds, code))
        if (next >= 0) to.go(rule, next * PLACES + BODY, more(count), up)
      }
      /** Bytes of a character so far, as a number, of which some are to come. */
      const wait = (value: number, left: number, least: number) => {
        const low = Math.max(value * 64 ** left, least)
        const high = Math.min((value + 1) * 64 ** left - 1, LAST)
        if (low <= high && takesRange(state, count, low, high)) go(left * PENDING + value)
      }
      if (place >= PENDING) {
        if (byte < 0x80 || byte > 0xbf) return
        const left = Math.floor(place / PENDING)
        const before = place % PENDING
        const value = before * 64 + byte - 0x80
        // Overlong forms are not allowed: a character takes its shortest one.
        const least = left === 3 ? 0x10000 : left === 2 && before < 16 ? 0x800 : 0
        if (left === 1) say(value)
        else wait(value, left - 1, least)
        return
      }
      switch (place) {
        case OUTSIDE:
          if (byte === 0x22) go(BODY)
          return
        case BODY:
          if (byte === 0x22) {
            if (fits[state] === 1 && count >= min) to.back(up)
          } else if (byte === 0x5c) {
            if (takesAny(state, count, ESCAPED)) go(ESCAPE)
          } else if (byte >= 0x20 && byte < 0x80) say(byte)
          else if (byte >= 0xc2 && byte <= 0xdf) wait(byte - 0xc0, 1, 0x80)
          else if (byte >= 0xe0 && byte <= 0xef) wait(byte - 0xe0, 2, 0x800)
          else if (byte >= 0xf0 && byte <= 0xf4) wait(byte - 0xf0, 3, 0x10000)
          return
        case ESCAPE:
          if (byte === 0x75) {
            if (takesAny(state, count, LONG)) go(U)
          } else if (SHORT[byte] !== undefined) say(SHORT[byte])
          return
        case U:
        case U_0:
          if (byte === 0x30) go(place + 1)
          return
        case U_00:
          for (const [digit, place] of [[0, U_000], [1, U_001]] as const) {
            if (byte !== 0x30 + digit) continue
            if (takesAny(state, count, LONG.filter((code) => code >> 4 === digit))) go(place)
          }
          return
        default: {
          const digit = '0123456789abcdef'.indexOf(String.fromCharCode(byte))
          const code = (place === U_001 ? 16 : 0) + digit
          if (digit >= 0 && LONG.includes(code)) say(code)
        }
      }
    },
  }
  return rule
}

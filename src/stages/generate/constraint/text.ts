/**
 * Strings of any text: valid UTF-8, escapes as JSON has them, no half of a surrogate pair.
 *
 * @module
 */
import { counted, farCount, type Moves, type Rule, type Way } from './rule.ts'

const NONE = 255
const CLOSE = 254
/** Before the quotation mark; between two characters. */
const [OUTSIDE, BODY] = [0, 1]
const ESCAPE = 2
/** Digits of `\u`, by what they may become: half of a pair, or a character. */
const [U, U_D, U_ANY, U_HIGH, U_TWO, U_HIGH_3, U_THREE] = [3, 4, 5, 6, 7, 8, 9]
/** The other half, `\udc00` to `\udfff`. */
const [LOW, LOW_U, LOW_D, LOW_CF, LOW_3, LOW_4] = [10, 11, 12, 13, 14, 15]
/** Bytes of a character that are still to come, the last four with less of a choice. */
const [ONE, TWO, AFTER_E0, AFTER_ED, AFTER_F0, AFTER_F4, THREE] = [16, 17, 18, 19, 20, 21, 22]

const table = new Uint8Array(23 * 256).fill(NONE)

function set(from: number, bytes: string | [number, number], to: number): void {
  const list = typeof bytes === 'string'
    ? [...bytes].map((one) => one.charCodeAt(0))
    : Array.from({ length: bytes[1] - bytes[0] + 1 }, (_, i) => bytes[0] + i)
  for (const byte of list) table[from * 256 + byte] = to
}

const HEX = '0123456789abcdefABCDEF'
set(OUTSIDE, '"', BODY)
set(BODY, [0x20, 0x7f], BODY)
set(BODY, '"', CLOSE)
set(BODY, '\\', ESCAPE)
set(BODY, [0xc2, 0xdf], ONE)
set(BODY, [0xe0, 0xef], TWO)
set(BODY, [0xe0, 0xe0], AFTER_E0)
set(BODY, [0xed, 0xed], AFTER_ED)
set(BODY, [0xf1, 0xf3], THREE)
set(BODY, [0xf0, 0xf0], AFTER_F0)
set(BODY, [0xf4, 0xf4], AFTER_F4)
set(ESCAPE, '"\\/bfnrt', BODY)
set(ESCAPE, 'u', U)
set(U, HEX, U_ANY)
set(U, 'dD', U_D)
set(U_D, '01234567', U_TWO)
set(U_D, '89abAB', U_HIGH)
set(U_ANY, HEX, U_TWO)
set(U_TWO, HEX, U_THREE)
set(U_THREE, HEX, BODY)
set(U_HIGH, HEX, U_HIGH_3)
set(U_HIGH_3, HEX, LOW)
set(LOW, '\\', LOW_U)
set(LOW_U, 'u', LOW_D)
set(LOW_D, 'dD', LOW_CF)
set(LOW_CF, 'cdefCDEF', LOW_3)
set(LOW_3, HEX, LOW_4)
set(LOW_4, HEX, BODY)
set(ONE, [0x80, 0xbf], BODY)
set(TWO, [0x80, 0xbf], ONE)
set(THREE, [0x80, 0xbf], TWO)
set(AFTER_E0, [0xa0, 0xbf], ONE)
set(AFTER_ED, [0x80, 0x9f], ONE)
set(AFTER_F0, [0x90, 0xbf], TWO)
set(AFTER_F4, [0x80, 0x8f], TWO)

/** @param min and `max` characters, as code points */
export function text(id: number, min = 0, max = Infinity): Rule {
  const rule: Rule = {
    id,
    least: 0,
    enter: (up: Way, to: Moves) => to.go(rule, OUTSIDE, 0, up),
    step({ at, count, up }, byte, to) {
      const next = table[at * 256 + byte]!
      if (next === NONE) return
      if (next === CLOSE) {
        if (count >= min) to.back(up)
        return
      }
      if (at === BODY && count >= max) return
      const isMore = next === BODY && at !== OUTSIDE
      to.go(rule, next, isMore ? counted(count + 1, min, max) : count, up)
    },
    far: ({ count }, bytes) => farCount(count, min, max, bytes),
  }
  return rule
}

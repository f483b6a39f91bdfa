/**
 * Sets of characters, as ranges of code points.
 *
 * @module
 */
export type Ranges = (readonly [number, number])[]

export const LAST = 0x10ffff

/** All that stand in none of them. */
export function without(ranges: Ranges): Ranges {
  const sorted = [...ranges].sort(([a], [b]) => a - b)
  const rest: [number, number][] = []
  let from = 0
  for (const [low, high] of sorted) {
    if (low > from) rest.push([from, low - 1])
    from = Math.max(from, high + 1)
  }
  if (from <= LAST) rest.push([from, LAST])
  return rest
}

const codes = (text: string): Ranges =>
  [...text].map((one) => [one.codePointAt(0)!, one.codePointAt(0)!])

const digit: Ranges = [[0x30, 0x39]]
const word: Ranges = [...digit, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]
const blank: Ranges = [
  ...codes('\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff'),
  [0x2000, 0x200a],
]

/** By what stands behind a backslash. */
export const CLASSES = {
  d: digit,
  D: without(digit),
  w: word,
  W: without(word),
  s: blank,
  S: without(blank),
  dot: without(codes('\n\r\u2028\u2029')),
}

/** Strings of ASCII that are no words: file names, addresses, codes, sums. @module */
import { createRandom } from '../../../profiles/ocr/random.ts'
import type { Text } from '../../../profiles/ocr/words.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const CAPITALS = LETTERS.toUpperCase()
const DIGITS = '0123456789'
const SIGNS = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'
const COUNT = 400

const random = createRandom(7)
const of = (letters: string, least: number, most: number): string =>
  Array.from({ length: random.integer(least, most) }, () => random.pick([...letters])).join('')
const word = () => of(LETTERS, 2, 8)

const kinds: readonly (() => string)[] = [
  () => `${word()}_${of(DIGITS, 1, 4)}.${random.pick(['pdf', 'jpg', 'csv', 'txt'])}`,
  () => `https://${word()}.${random.pick(['com', 'org', 'net'])}/${word()}?${word()}=${word()}`,
  () => `${word()}.${word()}@${word()}.org`,
  () => `${of(CAPITALS, 2, 4)}-${of(DIGITS, 3, 6)}/${of(CAPITALS, 1, 2)}`,
  () => `${of(CAPITALS, 2, 2)}${of(DIGITS, 2, 2)} ${of(DIGITS, 4, 4)} ${of(DIGITS, 4, 4)}`,
  () => `$${of(DIGITS, 1, 3)},${of(DIGITS, 3, 3)}.${of(DIGITS, 2, 2)}`,
  () => `+${of(DIGITS, 2, 2)} (${of(DIGITS, 2, 4)}) ${of(DIGITS, 3, 4)}-${of(DIGITS, 3, 4)}`,
  () => `${word()}(${word()}[${of(DIGITS, 1, 2)}]) ${of(SIGNS, 1, 2)} {${word()}};`,
  () => `#${of(`${DIGITS}abcdef`, 6, 6)} <${word()}> ~${of(DIGITS, 1, 3)}% & ${word()}`,
  () => of(LETTERS + CAPITALS + DIGITS + SIGNS, 4, 10),
]

export const asciiText: Text = {
  words: Array.from({ length: COUNT }, () => random.pick(kinds)()),
  sentences: Array.from({ length: COUNT }, () => `${random.pick(kinds)()} ${random.pick(kinds)()}`),
}

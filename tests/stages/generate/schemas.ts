/** Schemas for tests, made at random, and values that fit them. */
import { createBytesTokenizer } from '../../../src/stages/generate/bytes_tokenizer.ts'
import type { Constraint, Tokenizer } from '../../../src/stages/generate/types.ts'

export type Schema = { [keyword: string]: unknown }

export const END = 0
export const bytes = createBytesTokenizer([END])

const decoder = new TextDecoder('utf-8', { fatal: true })
const encoder = new TextEncoder()

/** The same numbers for the same seed. */
export function randomOf(seed: number) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number) => Math.floor(next() * n)
  return { next, below, pick: <T>(list: readonly T[]): T => list[below(list.length)]! }
}

export type Random = ReturnType<typeof randomOf>

const PATTERNS = [
  ...['^\\d{4}-\\d{2}-\\d{2}$', '^[A-Z]{3}$', 'a+b?', '^(foo|bar)+$', '^\\w+@\\w+\\.(ch|com)$'],
  ...[
    '^[^"\\\\]{1,4}$',
    '^\\s?é[à-ü]*$',
    '(x|y)$',
    '^.$|^..$',
    '^\u{1d11e}+$',
    '^["\\n\\t]+$',
    '\\\\',
  ],
]

export function randomSchema(random: Random, depth = 0): Schema {
  const { below, pick } = random
  const kind = depth > 2 ? below(6) : below(10)
  switch (kind) {
    case 0: {
      const [a, b] = [below(4), below(8)]
      return {
        type: 'string',
        ...below(2) ? { minLength: a } : {},
        ...below(2) ? { maxLength: a + b } : {},
      }
    }
    case 1:
      return { type: 'string', pattern: pick(PATTERNS), ...below(3) ? {} : { maxLength: 12 } }
    case 2: {
      const [a, b] = [below(2000) - 1000, below(3000)]
      return { type: 'integer', ...below(2) ? { minimum: a, maximum: a + b } : {} }
    }
    case 3:
      return { type: pick(['number', 'boolean', 'null', 'integer']) }
    case 4:
      return { enum: [1, 12, 'a', 'ab"', null, { a: [1] }, true].slice(below(4)) }
    case 5:
      return { type: pick([['string', 'null'], ['integer', 'boolean'], ['number', 'string']]) }
    case 6:
    case 7: {
      const names = ['a', 'b', 'a b', 'é"', 'ab'].slice(0, 1 + below(5))
      return {
        type: 'object',
        properties: Object.fromEntries(names.map((n) => [n, randomSchema(random, depth + 1)])),
        required: names.filter(() => below(2) === 0),
        additionalProperties: false,
      }
    }
    case 8: {
      const [a, b] = [below(3), below(3)]
      return {
        type: 'array',
        items: randomSchema(random, depth + 1),
        ...below(2) ? { minItems: a } : {},
        ...below(2) ? { maxItems: a + b } : {},
      }
    }
    default:
      return { anyOf: [randomSchema(random, depth + 1), randomSchema(random, depth + 1)] }
  }
}

/** Takes tokens at random of those that may come, and ends where it can after so many. */
export function walk(
  make: () => Constraint,
  { size, ends, bytesOf }: Tokenizer,
  random: Random,
  patience = 40,
): string {
  const constraint = make()
  const said: number[] = []
  for (let steps = 0; steps < 4000; steps++) {
    const mask = constraint.mask()
    const mayEnd = ends.some((end) => mask[end] === 1)
    if (constraint.isOver || mayEnd && (steps > patience || random.below(4) === 0)) {
      return decoder.decode(Uint8Array.from(said))
    }
    const able = Array.from({ length: size }, (_, id) => id)
      .filter((id) => mask[id] === 1 && !ends.includes(id))
    if (able.length === 0) {
      throw new Error(`stuck at ${new TextDecoder().decode(Uint8Array.from(said))}`)
    }
    const forced = constraint.forced()
    const allowed = able.length + (mayEnd ? ends.length : 0)
    if ((forced >= 0) !== (allowed === 1)) throw new Error(`forced is ${forced} of ${allowed}`)
    // Whoever only adds letters never ends.
    const closing = able.filter((id) => CLOSING.includes(id))
    const id = steps > patience && closing.length > 0 && random.below(2)
      ? random.pick(closing)
      : random.pick(able)
    constraint.accept(id)
    said.push(...bytesOf(id))
  }
  throw new Error(`no end of ${new TextDecoder().decode(Uint8Array.from(said)).slice(0, 200)}`)
}

const CLOSING = [...'"]}abxy\\'].map((one) => one.charCodeAt(0))

/** Whether the tokens of this JSON may come one after the other, and it may end there. */
export function accepts(make: () => Constraint, tokenizer: Tokenizer, json: string): boolean {
  const constraint = make()
  for (const id of tokenizer.encode(json)) {
    if (constraint.mask()[id] !== 1) return false
    constraint.accept(id)
  }
  return tokenizer.ends.every((end) => constraint.mask()[end] === 1)
}

/** A vocabulary of these words and of all single bytes; the last token ends. */
export function wordsTokenizer(words: readonly string[]): Tokenizer {
  const tokens = [
    ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
    ...words.map((word) => encoder.encode(word)),
    new Uint8Array(),
  ]
  return {
    size: tokens.length,
    ends: [tokens.length - 1],
    encode: (text) => [...encoder.encode(text)],
    bytesOf: (id) => tokens[id] ?? new Uint8Array(),
  }
}

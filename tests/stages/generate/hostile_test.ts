/** Schemas that were made to keep a node busy are refused, or cost no more than others. */
import { match, ok, throws } from 'node:assert/strict'
import {
  checkSchema,
  compileSchema,
  SchemaError,
} from '../../../src/stages/generate/constraint/constraint.ts'
import { bytes, randomOf, walk, wordsTokenizer } from './schemas.ts'

const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))
const nested = (depth: number) => {
  let schema: unknown = { type: 'null' }
  for (let i = 0; i < depth; i++) schema = { type: 'array', items: schema }
  return schema
}
const doubling = (levels: number) => ({
  $ref: '#/$defs/a0',
  $defs: Object.fromEntries(many(levels, (i) => [
    `a${i}`,
    i === levels - 1 ? { type: 'null' } : { anyOf: many(2, () => ({ $ref: `#/$defs/a${i + 1}` })) },
  ])),
})

const REFUSED: [schema: unknown, why: RegExp][] = [
  [nested(10_000), /stands deeper than 64/],
  [{ type: 'string', pattern: '^(a|b)*a(a|b){30}$' }, /more than 1000 states/],
  [{ type: 'string', pattern: '((a{1000}){1000}){1000}' }, /more than 5000 parts/],
  [{ type: 'string', pattern: '((((){1000}){1000}){1000}){1000}' }, /more than 5000 parts/],
  [{ type: 'string', pattern: '('.repeat(2000) }, /has groups too deep/],
  [{ type: 'string', pattern: 'a'.repeat(10_000) }, /is of 10000 characters/],
  [{ type: 'string', pattern: 'a{99999}' }, /repeats more than 1000 times/],
  [
    { type: 'string', pattern: `^${'a?'.repeat(900)}$`, maxLength: 100_000 },
    /too large for such a length/,
  ],
  [
    { type: 'object', properties: Object.fromEntries(many(10_000, (i) => [`p${i}`, {}])) },
    /more than 256/,
  ],
  [{ anyOf: many(10_000, () => ({ type: 'null' })) }, /5000 parts/],
  [{ anyOf: many(1000, () => ({ type: 'null' })) }, /choice of more than 256/],
  [{ enum: many(100_000, (i) => `value ${i}`) }, /over 262144 bytes/],
  [{ oneOf: many(4000, (i) => ({ const: i })) }, /are more than 256/],
  [{ required: many(300, (i) => `${i}`) }, /required: are more than 256/],
  [{ type: 'array', minItems: 1e15 }, /must be a whole number from 0 to 100000/],
]

Deno.test('schemas that would take much time or memory are refused', () => {
  for (const [schema, why] of REFUSED) {
    let message = 'was taken'
    try {
      compileSchema(schema, bytes)
    } catch (error) {
      message = (error as Error).message
    }
    match(message, why)
  }
})

Deno.test('the work of a whole schema is bounded, whatever it is made of', () => {
  const properties = (count: number, make: (i: number) => unknown) => ({
    type: 'object',
    properties: Object.fromEntries(many(count, (i) => [`p${i}`, make(i)])),
  })
  const name = (i: number) => 'n'.repeat(500) + i
  const whole: unknown[] = [
    // Each of these patterns alone is within its bounds.
    properties(50, (i) => ({ type: 'string', pattern: `^(a?){${900 + i}}$` })),
    properties(80, (i) => ({ type: 'string', pattern: `^(a|b)*a(a|b){8}${'c'.repeat(i)}$` })),
    properties(4, (i) => ({
      type: 'string',
      pattern: `^[${many(500, (j) => String.fromCodePoint(0x4e00 + 2 * j)).join('')}]{${990 + i}}$`,
    })),
    properties(100, (i) => ({ type: 'string', pattern: '^[a-z]{0,990}$', maxLength: 3800 + i })),
    { oneOf: many(250, (i) => ({ enum: many(120, (j) => i * 120 + j) })) },
    {
      oneOf: many(250, () => ({ $ref: `#/$defs/${name(0)}` })),
      $defs: Object.fromEntries(
        many(60, (i) => [name(i), i === 59 ? { const: 1 } : { $ref: `#/$defs/${name(i + 1)}` }]),
      ),
    },
    {
      $ref: '#/$defs/all',
      $defs: {
        all: { anyOf: [...many(1500, (i) => ({ $ref: `#/$defs/a${i}` })), { type: 'null' }] },
        ...Object.fromEntries(many(1500, (i) => [`a${i}`, { $ref: '#/$defs/all' }])),
      },
    },
  ]
  for (const schema of whole) {
    throws(() => checkSchema(schema), (error) => {
      ok(error instanceof SchemaError, String(error))
      match(error.message, /takes over 4000000 steps to read/)
      return error.reason === 'too_large'
    })
  }
})

Deno.test('a pattern that many strings have counts once', () => {
  const email = "^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?" +
    '(\\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$'
  checkSchema({
    type: 'object',
    properties: Object.fromEntries(many(200, (i) => [
      `p${i}`,
      { type: 'string', pattern: email, maxLength: 320 },
    ])),
  })
})

Deno.test('a reference is read once, however it is spelled', () => {
  const spelled = (i: number) =>
    [...'abcdefgh'].map((letter, at) =>
      i >> at & 1 ? `%${letter.charCodeAt(0).toString(16)}` : letter
    )
      .join('')
  checkSchema({
    anyOf: many(250, (i) => ({ $ref: `#/$defs/${spelled(i)}` })),
    $defs: { abcdefgh: { type: 'array', prefixItems: many(1000, () => ({ type: 'null' })) } },
  })
})

Deno.test('schemas that mean one thing in many ways end like others', () => {
  const twice = {
    $ref: '#/$defs/a',
    $defs: {
      a: {
        anyOf: [
          { type: 'array', items: { $ref: '#/$defs/a' } },
          { type: 'array', items: { $ref: '#/$defs/a' }, minItems: 1 },
          { type: 'null' },
        ],
      },
    },
  }
  for (const schema of [doubling(20), twice, { type: 'string', pattern: '^((a*)*)*b$' }]) {
    const make = compileSchema(schema, bytes)
    for (let seed = 0; seed < 20; seed++) ok(walk(make, bytes, randomOf(seed)).length > 0)
  }
})

Deno.test('an answer nests no deeper than it can be closed again', () => {
  const constraint = compileSchema({}, bytes)()
  const open = '['.charCodeAt(0)
  let depth = 0
  for (; constraint.mask()[open] === 1; depth++) constraint.accept(open)
  ok(depth === 64, `${depth}`)
  for (let i = 0; i < depth; i++) constraint.accept(']'.charCodeAt(0))
  ok(constraint.isOver)
})

Deno.test('a mask that would take seconds is an error instead', () => {
  const words = wordsTokenizer(many(60_000, (i) => `${'abcdefghij'[i % 10]}${i.toString(36)}`))
  const schema = {
    anyOf: many(
      250,
      (i) => ({ type: 'string', pattern: `^[a-z0-9${String.fromCodePoint(0x4e00 + i)}]*$` }),
    ),
  }
  const constraint = compileSchema(schema, words)()
  let message = 'none'
  try {
    constraint.accept('"'.charCodeAt(0))
    constraint.mask()
  } catch (error) {
    message = (error as Error).message
  }
  match(message, /can be meant in too many ways/)
})

Deno.test('states of a long answer are forgotten, and found again', () => {
  const make = compileSchema({ type: 'string', maxLength: 100_000 }, bytes)
  const constraint = make()
  constraint.accept('"'.charCodeAt(0))
  for (let i = 0; i < 50_000; i++) constraint.accept('a'.charCodeAt(0))
  ok(constraint.mask()['"'.charCodeAt(0)] === 1)
})

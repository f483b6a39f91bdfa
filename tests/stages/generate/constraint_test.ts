/** Answers that keep to a schema: what may be said, what may not, and which schemas are refused. */
import { deepEqual, equal, match, ok, throws } from 'node:assert/strict'
import {
  checkSchema,
  compileSchema,
  SchemaError,
} from '../../../src/stages/generate/constraint/constraint.ts'
import { accepts, bytes, END, wordsTokenizer } from './schemas.ts'

const RECEIPT = {
  type: 'object',
  properties: {
    merchant: { type: 'string', minLength: 1, maxLength: 20 },
    date: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' },
    total: { type: ['number', 'null'] },
    currency: { enum: ['CHF', 'EUR', 'EURO'] },
    items: {
      type: 'array',
      maxItems: 2,
      items: {
        type: 'object',
        properties: { name: { type: 'string' }, count: { type: 'integer', minimum: 1 } },
        required: ['name'],
      },
    },
  },
  required: ['merchant', 'date', 'currency'],
  additionalProperties: false,
}

const tree = {
  $ref: '#/$defs/node',
  $defs: {
    node: {
      type: 'object',
      properties: {
        v: { type: 'integer' },
        to: { type: 'array', items: { $ref: '#/$defs/node' } },
      },
      required: ['v'],
    },
  },
}

/** By schema: values that fit, and texts that do not. */
const CASES: [schema: unknown, fits: unknown[], not: string[]][] = [
  [RECEIPT, [
    { merchant: 'Star Grill', date: '2026-02-22', currency: 'CHF' },
    {
      ...{ merchant: 'é\u{1d11e}"\\\n\u0001', date: '1999-12-31', total: -0.5, currency: 'EURO' },
      items: [{ name: '', count: 1 }, { name: 'x' }],
    },
    { merchant: 'a', date: '2026-02-22', total: null, currency: 'EUR', items: [] },
  ], [
    '{"merchant":"","date":"2026-02-22","currency":"CHF"}',
    '{"merchant":"a","date":"2026-2-22","currency":"CHF"}',
    '{"date":"2026-02-22","merchant":"a","currency":"CHF"}',
    '{"merchant":"a","date":"2026-02-22"}',
    '{"merchant":"a","date":"2026-02-22","currency":"CHF",}',
    '{"merchant":"a","date":"2026-02-22","currency":"CHF","items":[{"name":"a","count":0}]}',
    '{ "merchant":"a","date":"2026-02-22","currency":"CHF"}',
    `{"merchant":"${'a'.repeat(21)}","date":"2026-02-22","currency":"CHF"}`,
  ]],
  [tree, [{ v: 1 }, { v: 0, to: [{ v: 12, to: [] }, { v: -3 }] }], ['{"to":[]}', '{"v":1.5}']],
  [{ type: 'string' }, ['', '\ud83d\ude00\u2028\u007f'], [
    ...['"\n"', '"\\x"', '"\\ud83d"', '"\\ude00"', '"\\ud83d\\u0041"', 'a'],
  ]],
  [{ type: 'number' }, [0, -1.25, 1e21, 1e-7, 123456789012345], [
    ...['01', '-', '.5', '1.', '+1', '1e', '1234567890123456', '1e999', '-0'],
  ]],
  [{ type: 'integer', minimum: -7, exclusiveMaximum: 120 }, [-7, -1, 0, 9, 119], [
    ...['-8', '120', '-0', '1.0', '00'],
  ]],
  [{ type: 'number', minimum: 0 }, [0, 0.5], ['-1']],
  [{ type: 'array', prefixItems: [{ const: 'a' }, { type: 'null' }], items: false }, [
    ...[[], ['a'], ['a', null]],
  ], ['["a",null,1]', '["b"]']],
  [{ type: 'array', items: { type: 'boolean' }, minItems: 2, maxItems: 3 }, [
    ...[[true, false], [true, true, true]],
  ], ['[true]', '[true,true,true,true]']],
  [{ anyOf: [{ type: 'integer' }, { type: 'array', items: { type: 'integer' } }] }, [
    ...[1, [1, 2]],
  ], ['"1"']],
  [
    {
      oneOf: [
        { type: 'object', properties: { k: { const: 'a' } }, required: ['k'] },
        { type: 'object', properties: { k: { const: 'b' }, n: { type: 'null' } }, required: ['k'] },
      ],
    },
    [{ k: 'a' }, { k: 'b', n: null }],
    ['{"k":"a","n":null}'],
  ],
  [{ type: 'object', additionalProperties: { type: 'integer' } }, [{}, { a: 1, 'b"': 2 }], [
    ...['{"a":"b"}', '{1:1}'],
  ]],
  [{ type: 'object' }, [{ a: [1, { b: null }], c: 'x' }], ['[]']],
  [{}, [1, 'a', [{}], { a: { b: [] } }, null], ['', 'nul']],
  [{ type: 'string', nullable: true }, ['a', null], ['1']],
  [{ type: 'string', enum: ['a', 1] }, ['a'], ['1']],
  [{ enum: [1, 12, 123] }, [1, 12, 123], ['2', '1234']],
  [{ allOf: [{ $ref: '#/definitions/a' }], definitions: { a: { const: { x: [1] } } } }, [
    { x: [1] },
  ], ['{"x":[2]}']],
]

Deno.test('a constraint takes every value that fits its schema, and no other', () => {
  for (const [schema, fits, not] of CASES) {
    const make = compileSchema(schema, bytes)
    for (const value of fits) {
      const json = JSON.stringify(value)
      ok(accepts(make, bytes, json), `${JSON.stringify(schema)} takes ${json}`)
    }
    for (const json of not) {
      ok(!accepts(make, bytes, json), `${JSON.stringify(schema)} does not take ${json}`)
    }
  }
})

/** By pattern: texts that fit, and texts that do not. Each is held against JavaScript, too. */
const PATTERNS: [pattern: string, texts: string[]][] = [
  ['^a{2,3}$', ['a', 'aa', 'aaa', 'aaaa']],
  ['b', ['', 'abc', 'ac']],
  ['^(foo|ba[rz])+$', ['foo', 'bazbar', 'fo', '']],
  ['^[^\\d\\s-]+$', ['abc', 'a b', 'a-b', 'é"\\']],
  ['^\\w+\\.\\w+$|^$', ['', 'a.b', 'ab', 'a.b.c']],
  ['^.{3}$', ['abc', '\u{1d11e}\u{1d11e}\u{1d11e}', 'ab', '\u{1d11e}a']],
  ['^\\u00e9\\x41\\/\\t?$', ['éA/', 'éA/\t', 'eA/']],
  ['^(?:a|(b))*c??$', ['', 'abba', 'abc', 'abcc']],
  ['x$|^y', ['ax', 'ya', 'ay', 'xa']],
  ['^[\\u4e00-\\u9fff\\u{10300}-\\u{1F64F}]+$', ['漢字', '\u{1f600}', 'a', '\u{1f6ff}']],
  ['(^|,)a(,|$)', ['a', 'b,a', 'ba', 'a,b']],
]

Deno.test('a pattern fits what it fits in JavaScript', () => {
  for (const [pattern, texts] of PATTERNS) {
    const make = compileSchema({ type: 'string', pattern }, bytes)
    for (const text of texts) {
      const expected = new RegExp(pattern, 'u').test(text)
      equal(accepts(make, bytes, JSON.stringify(text)), expected, `${pattern} and ${text}`)
    }
  }
})

Deno.test('with a pattern, lengths are kept to as well, and no beginning is a dead end', () => {
  const make = compileSchema(
    { type: 'string', pattern: '^(ab)+$', minLength: 3, maxLength: 5 },
    bytes,
  )
  deepEqual(['ab', 'abab', 'ababab'].map((one) => accepts(make, bytes, `"${one}"`)), [
    ...[false, true, false],
  ])
  // All but the quotation mark at the beginning is known then.
  const constraint = make()
  let said = ''
  while (!constraint.isOver) {
    const id = constraint.forced()
    ok(id >= 0)
    constraint.accept(id)
    said += String.fromCharCode(id)
  }
  equal(said, '"abab"')
})

Deno.test('what is forced is said, an end may come where the value is whole, and nothing behind it', () => {
  const constraint = compileSchema(
    { type: 'object', properties: { a: { type: 'integer' } } },
    bytes,
  )()
  equal(constraint.forced(), '{'.charCodeAt(0))
  throws(() => constraint.accept('['.charCodeAt(0)), /Cannot take token 91/)
  throws(() => constraint.accept(END), /its JSON is not whole/)
  for (const id of bytes.encode('{"a":1')) constraint.accept(id)
  ok(!constraint.isOver && constraint.mask()[END] === 0)
  constraint.accept('}'.charCodeAt(0))
  ok(constraint.isOver && constraint.mask()[END] === 1)
  equal(constraint.forced(), END)
  constraint.accept(END)
  throws(() => constraint.accept(END), /has ended/)

  // A number may have more digits: it is whole, and not over.
  const number = compileSchema({ type: 'integer' }, bytes)()
  number.accept('1'.charCodeAt(0))
  ok(!number.isOver && number.mask()[END] === 1)
})

Deno.test('sequences of one schema know nothing of each other', () => {
  const make = compileSchema({ type: 'array', items: { type: 'null' } }, bytes)
  const [a, b] = [make(), make()]
  a.accept('['.charCodeAt(0))
  equal(b.forced(), '['.charCodeAt(0))
})

/** By path: what is to be said of it. */
const REFUSED: [schema: unknown, path: string, fault: RegExp][] = [
  [{ type: 'array', uniqueItems: true }, 'uniqueItems', /is not kept to: leave it out/],
  [{ properties: { a: { not: {} } } }, 'properties.a.not', /is not kept to/],
  [{ type: 'text' }, 'type', /must be one of object, array, string/],
  [{ type: 'string', items: {} }, 'items', /says nothing of type string/],
  [{ minLength: 1, minItems: 1 }, '', /has keywords of array and string, and no type/],
  [{ $ref: '#/$defs/none' }, '$ref', /leads nowhere/],
  [{ $ref: 'https://example.com/schema' }, '$ref', /leads nowhere/],
  [{ type: 'object', required: ['a'] }, 'required', /names "a", which is not among properties/],
  [
    { type: 'object', properties: { a: {} }, additionalProperties: { type: 'null' } },
    ...['additionalProperties', /without properties only/] as const,
  ],
  [{ oneOf: [{ type: 'integer' }, { type: 'number' }] }, 'oneOf', /0 and 1 may both: say anyOf/],
  [{ anyOf: [{}], type: 'null' }, 'anyOf', /cannot stand beside type/],
  [{ allOf: [{}, {}] }, 'allOf', /with one entry only/],
  [{ type: 'string', pattern: '(?=a)' }, 'pattern', /looks ahead or behind/],
  [{ type: 'string', pattern: '\\p{L}' }, 'pattern', /has \\p, which is not supported/],
  [{ type: 'string', pattern: '(a' }, 'pattern', /lacks a \)/],
  [{ type: 'string', pattern: 'a$b' }, 'pattern', /fits no text/],
  [{ type: 'string', pattern: '^abc$', maxLength: 2 }, 'pattern', /fits no text of such a length/],
  [{ type: 'string', minLength: 3, maxLength: 2 }, 'minLength', /is more than maxLength/],
  [{ type: 'string', maxLength: -1 }, 'maxLength', /must be a whole number from 0/],
  [{ type: 'integer', minimum: 1, maximum: 0 }, '', /lets no whole number/],
  [{ type: 'number', maximum: 1 }, 'maximum', /for integers, and for numbers as minimum 0 only/],
  [{ type: 'string', enum: [1] }, 'enum', /has no value of its type/],
  [{ $ref: '#' }, '', /values that never end/],
  [{ type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] }, '', /never end/],
  [false, '', /must be a schema/],
  ['string', '', /must be a schema/],
]

Deno.test('a schema that cannot be kept to is refused, with the place in it and what to do', () => {
  for (const [schema, path, fault] of REFUSED) {
    throws(() => checkSchema(schema), (error) => {
      ok(error instanceof SchemaError, String(error))
      equal(error.path, path, error.message)
      match(error.fault, fault)
      return true
    })
  }
})

Deno.test('what only tells people is passed over', () => {
  checkSchema({
    ...{ $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'x', title: 'T' },
    ...{ description: 'd', type: 'string', format: 'date', default: 'a', examples: ['a'] },
    'x-order': 1,
  })
})

Deno.test('a vocabulary that could not write every answer is refused', () => {
  const words = wordsTokenizer(['{"a":'])
  const without = {
    ...words,
    bytesOf: (id: number) => id === 0x7b ? new Uint8Array() : words.bytesOf(id),
  }
  throws(() => compileSchema({}, without), /has no token for the letter "{" alone/)
})

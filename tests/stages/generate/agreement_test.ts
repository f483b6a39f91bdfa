/** Whether two nodes gave the same answer, and whether an answer can be one of a model's at all. */
import { equal, match, ok } from 'node:assert/strict'
import { agree, faultOf } from '../../../src/stages/agreement/agreement.ts'
import { toleranceOf } from '../../../src/stages/agreement/tolerance.ts'
import type { Served } from '../../../src/stages/agreement/kind.ts'
import type { JsonObject } from '../../../src/stages/types.ts'

const TASK = { kind: 'generate', context: 40, end: [2], tokenizer: 'bytes' }
const SCHEMA = { ...TASK, schema: { type: 'object' } }
const tolerance = toleranceOf('wasm', 'native')

const said = (text: string, own: JsonObject = {}): Served => {
  const ids = [...new TextEncoder().encode(text)]
  const counts = { promptTokens: 5, completionTokens: ids.length }
  return { ok: true, fields: { text, ids, finish: 'stop', ...counts, ...own }, children: {} }
}

Deno.test('answers agree where they are the same, token by token', () => {
  ok(agree(TASK, said('abc'), said('abc'), tolerance))
  const others: JsonObject[] = [
    { text: 'abd' },
    { ids: [0x61, 0x62, 0x64] },
    { ids: [0x61, 0x62, 0x63, 0x63] },
    { finish: 'length' },
    { promptTokens: 6 },
    { completionTokens: 4 },
    { json: null },
  ]
  for (const other of others) ok(!agree(TASK, said('abc'), said('abc', other), tolerance))
  const json = { a: [1, 2] }
  ok(agree(SCHEMA, said('{}', { json }), said('{}', { json: { a: [1, 2] } }), tolerance))
  ok(!agree(SCHEMA, said('{}', { json }), said('{}', { json: { a: [1, 2.0001] } }), tolerance))
})

Deno.test('an answer as a model gives it has no fault', () => {
  equal(faultOf(TASK, said('abc é')), undefined)
  equal(faultOf(TASK, said('', { finish: 'length' })), undefined)
  equal(faultOf(SCHEMA, said('{"a":1}', { json: { a: 1 } })), undefined)
  // Cut off, by length or by a stop string.
  equal(faultOf(SCHEMA, said('{"a":', { finish: 'length' })), undefined)
  equal(faultOf(SCHEMA, said('{"a":')), undefined)
  // A stop string was begun, and is left out of the text.
  equal(
    faultOf(TASK, { ...said('abc\n\n'), fields: { ...said('abc\n\n').fields, text: 'abc' } }),
    undefined,
  )
  // A character was cut in two by the most tokens.
  const cut = { ids: [0x61, 0xc3], completionTokens: 2, finish: 'length', text: 'a\ufffd' }
  equal(faultOf(TASK, said('', cut)), undefined)
  // Of another vocabulary nothing is known here.
  equal(faultOf({ ...TASK, tokenizer: 't.json' }, said('x', { ids: [50_000] })), undefined)
})

Deno.test('an answer that no model gives has a fault', () => {
  const faults: [JsonObject, RegExp][] = [
    [{ text: 1 }, /a text that is none/],
    [{ ids: 'abc' }, /tokens that are none/],
    [{ ids: [0x61, 256, 0x63] }, /tokens that are none/],
    [{ ids: [0x61, 0.5, 0x63] }, /tokens that are none/],
    [{ finish: 'tired' }, /does not say how it ended/],
    [{ completionTokens: 2 }, /another number of tokens/],
    [{ promptTokens: 0 }, /a prompt without tokens/],
    [{ promptTokens: 38 }, /more tokens than there is room for/],
    [{ ids: [0x61, 2, 0x63] }, /tokens behind the end/],
    [{ text: 'abd' }, /a text that its tokens are not/],
    [{ text: 'ab', finish: 'length' }, /a text that its tokens are not/],
    [{ json: 'abc' }, /a value of a text that is no JSON/],
    [{ more: 1 }, /a field more that there is not/],
  ]
  for (const [own, why] of faults) match(faultOf(TASK, said('abc', own)) ?? 'none', why)
  match(faultOf(SCHEMA, said('{"a":1}')) ?? 'none', /JSON without its value/)
  match(
    faultOf(SCHEMA, said('{"a":1}', { json: { a: 2 } })) ?? 'none',
    /a value that its text is not/,
  )
  match(faultOf(TASK, { ok: true, fields: null, children: {} }) ?? 'none', /without a text/)
  match(faultOf(TASK, { ...said('a'), children: { next: [] } }) ?? 'none', /items for tasks/)
})

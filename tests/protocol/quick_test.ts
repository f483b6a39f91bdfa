import assert from 'node:assert/strict'
import fc from 'fast-check'
import { coordinatorMessage, nodeMessage } from '../../src/protocol/messages.ts'
import { quickBatch, quickResult } from '../../src/protocol/quick.ts'

/** Numbers and words at the edges of what is allowed, and things that are neither. */
const odd = fc.oneof(
  fc.constantFrom(-1, 0, 0.5, 1e6, 1e6 + 1, 1e9, 1e9 + 1, 2 ** 53, null, true, '', [], {}),
  fc.constantFrom('a', 'k'.repeat(64), 'k'.repeat(65), 'k'.repeat(128), 'k'.repeat(129)),
  fc.constant(JSON.parse('{"__proto__": 1}')),
  fc.jsonValue(),
)
const count = fc.oneof({ weight: 30, arbitrary: fc.nat(9) }, odd)
const ms = fc.oneof({ weight: 30, arbitrary: fc.double({ min: 0, max: 1e4, noNaN: true }) }, odd)
const id = fc.oneof({ weight: 30, arbitrary: fc.constantFrom('read', 'find') }, odd)
const record = fc.oneof(
  { weight: 20, arbitrary: fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue()) },
  { weight: 1, arbitrary: odd },
)
const kind = (name: string) =>
  fc.oneof({ weight: 30, arbitrary: fc.constant(name) }, fc.constant('x'))
/** Keys that are not always there, and now and then one that nobody knows. */
const made = (shape: Record<string, fc.Arbitrary<unknown>>, optional: string[] = []) =>
  fc.record({ ...shape, more: fc.constant(1) }, {
    requiredKeys: Object.keys(shape).filter((key) => !optional.includes(key)) as never[],
  })
const list = (one: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 20, arbitrary: fc.array(one, { maxLength: 3 }) }, odd)

const result = made({
  type: kind('result'),
  ...{ batch: count, queueMs: ms, computeMs: ms, elapsedMs: ms },
  items: list(made({
    ok: fc.oneof({ weight: 20, arbitrary: fc.constant(true) }, odd),
    fields: fc.oneof({ weight: 5, arbitrary: record }, fc.constant(null)),
    tensors: fc.constantFrom(undefined, {}, { t: { type: 'FP32', dims: [1], blob: 0 } }, 1),
    children: fc.oneof(
      fc.constant({}),
      fc.dictionary(
        fc.constantFrom('read', '', '__proto__', 'k'.repeat(129)),
        list(made({ meta: record, blob: count, key: id }, ['key'])),
      ),
      odd,
    ),
  }, ['tensors'])),
})

const batch = made({
  type: kind('batch'),
  ...{ batch: count, slot: count, pipeline: id, task: id, variant: id },
  ...{ remainingMs: ms, giveUpMs: ms, crops: fc.constantFrom('raw', 'raw', 'jpeg', 'jpeg', 'png') },
  items: list(made({
    meta: record,
    payload: fc.oneof(
      { weight: 20, arbitrary: made({ blob: count }) },
      ...[made({ key: id }), made({ blob: count, key: id }), odd],
    ),
  })),
  release: fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, list(id)),
}, ['release'])

const cases = [
  { name: 'quickResult()', quick: quickResult, schema: nodeMessage, messages: result },
  { name: 'quickBatch()', quick: quickBatch, schema: coordinatorMessage, messages: batch },
]

for (const { name, quick, schema, messages } of cases) {
  Deno.test(`${name} takes only what the schema takes, and reads it alike`, () => {
    let taken = 0
    fc.assert(
      fc.property(messages, (message) => {
        // As it comes off a link.
        const received = JSON.parse(JSON.stringify(message))
        const read = quick(received)
        if (read === undefined) return
        taken++
        const checked = schema.safeParse(received)
        assert.ok(checked.success, `${checked.error?.message}`)
        assert.deepEqual(read, checked.data)
      }),
      { numRuns: 2000 },
    )
    assert.ok(taken > 100, `took ${taken} of 2000`)
  })
}

Deno.test('quickResult() and quickBatch() leave what nests too deeply to the schema', () => {
  let deep: unknown = 1
  for (let i = 0; i < 40; i++) deep = [deep]
  const item = { ok: true, fields: { deep }, children: {} }
  const times = { queueMs: 0, computeMs: 1, elapsedMs: 1 }
  assert.equal(quickResult({ type: 'result', batch: 1, ...times, items: [item] }), undefined)
  const input = { meta: { deep }, payload: { blob: 0 } }
  const ref = { pipeline: 'p', task: 't', variant: 'v' }
  const limits = { remainingMs: 1, giveUpMs: 1, crops: 'raw' }
  assert.equal(
    quickBatch({ type: 'batch', batch: 1, slot: 0, ...ref, ...limits, items: [input] }),
    undefined,
  )
})

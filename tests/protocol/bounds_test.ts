import assert from 'node:assert/strict'
import {
  createNodeMessageReader,
  createResultRoom,
  encodeMessage,
  MAX_BLOBS,
  MAX_CHILDREN,
  type Outgoing,
  ProtocolError,
  type ResultMessage,
} from '../../src/protocol/mod.ts'

const BYTES = Uint8Array.of(1)
const nested = (depth: number): unknown => depth === 0 ? 1 : [nested(depth - 1)]
const tensor = (dims: number[], type = 'float32') => ({ type, dims, data: BYTES })
const children = (count: number, meta: object = { n: 1 }) =>
  Array.from({ length: count }, () => ({ meta, bytes: BYTES }))
const done = (more: Partial<Outgoing>): Outgoing => ({ fields: null, children: {}, ...more })

/** As a node sends it. */
function messageOf(results: Outgoing[]): { message: ResultMessage; blobs: Uint8Array[] } {
  const blobs: Uint8Array[] = []
  const items = results.map(({ fields, tensors, children }) => ({
    ok: true as const,
    fields: fields as null,
    tensors: Object.fromEntries(
      Object.entries(tensors ?? {}).map(([name, { type, dims }]) => [
        name,
        { type, dims: [...dims], blob: blobs.push(BYTES) - 1 },
      ]),
    ),
    children: Object.fromEntries(
      Object.entries(children).map(([task, list]) => [
        task,
        list.map(({ meta }) => ({ meta: meta as { n: 1 }, blob: blobs.push(BYTES) - 1 })),
      ]),
    ),
  }))
  return {
    message: { type: 'result', batch: 7, queueMs: 0, computeMs: 1, elapsedMs: 1, items },
    blobs,
  }
}

const WITHIN: { [what: string]: Outgoing } = {
  'an axis of over a million': done({ tensors: { wave: tensor([1, 1_100_000]) } }),
  'eight dimensions': done({ tensors: { wave: tensor(Array(8).fill(1)) } }),
  'as many children as there may be': done({ children: { read: children(MAX_CHILDREN) } }),
  'the longest name': done({ fields: { ['k'.repeat(128)]: 1 } }),
  'the deepest fields': done({ fields: { deep: nested(32) } }),
}

const BEYOND: { [what: string]: Outgoing } = {
  'nine dimensions': done({ tensors: { wave: tensor(Array(9).fill(1)) } }),
  'a type of a long name': done({ tensors: { wave: tensor([1], 't'.repeat(17)) } }),
  'a tensor of a long name': done({ tensors: { ['k'.repeat(129)]: tensor([1]) } }),
  'one child too many': done({ children: { read: children(MAX_CHILDREN + 1) } }),
  'a child of a long name': done({ children: { read: children(1, { ['k'.repeat(129)]: 1 }) } }),
  'a field of a long name': done({ fields: { ['k'.repeat(129)]: 1 } }),
  'fields one too deep': done({ fields: { deep: nested(33) } }),
  'no fields': done({ fields: undefined as never }),
  'a text for fields': done({ fields: 'text' as never }),
  'a list for fields': done({ fields: [1] }),
  'a child of which nothing is told': done({
    children: { read: [{ meta: undefined as never, bytes: BYTES }] },
  }),
  'a child of which a list is told': done({ children: { read: children(1, [1]) } }),
  'a dimension that is no number': done({ tensors: { wave: tensor([NaN]) } }),
  'half a dimension': done({ tensors: { wave: tensor([1.5]) } }),
  'a dimension below nothing': done({ tensors: { wave: tensor([-1]) } }),
}

const read = (results: Outgoing[]) => {
  const { message, blobs } = messageOf(results)
  const reader = createNodeMessageReader()
  return encodeMessage(message, blobs).map((data) => reader(data)).at(-1)
}

for (const [what, result] of Object.entries(WITHIN)) {
  Deno.test(`a result with ${what} goes and is read`, () => {
    assert.equal(createResultRoom()(result), undefined)
    assert.equal(read([result])?.message.type, 'result')
  })
}

for (const [what, result] of Object.entries(BEYOND)) {
  Deno.test(`a result with ${what} does not go; who reads it knows of which batch it was`, () => {
    assert.equal(typeof createResultRoom()(result), 'string')
    assert.throws(
      () => read([result]),
      (error) => error instanceof ProtocolError && error.batch === 7,
    )
  })
}

Deno.test('results share the room of a message, and one too many leaves it to the next', () => {
  const faultOf = createResultRoom()
  const half = done({ children: { read: children(MAX_BLOBS / 2 - 1) } })
  assert.equal(faultOf(half), undefined)
  assert.equal(faultOf(half), undefined)
  assert.match(faultOf(half) ?? '', /over 8192 items/)
  assert.equal(faultOf(done({ children: { read: children(2) } })), undefined)
  const large = done({
    tensors: { wave: { ...tensor([1]), data: { byteLength: 60 * 1024 ** 2 } } },
  })
  const bytes = createResultRoom()
  assert.equal(bytes(large), undefined)
  assert.match(bytes(large) ?? '', /bytes in all/)
})

Deno.test('a long text travels in frames, and one that nobody would put together does not', () => {
  const reader = createNodeMessageReader()
  const text = 'x'.repeat(20 * 1024 * 1024)
  const { message } = messageOf([done({ fields: { text } })])
  const sent = encodeMessage(message, [], 3)
  assert.ok(sent.length > 1)
  const received = sent.map((data) => reader(data)).at(-1)
  assert.deepEqual(received?.message, message)
  const larger = messageOf([done({ fields: { a: text, b: text, c: text, d: text, e: text } })])
  assert.throws(
    () => encodeMessage(larger.message),
    (error) => error instanceof ProtocolError && error.reason === 'too_large',
  )
})

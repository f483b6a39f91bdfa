/** Decoders: each layout says the same, whatever runs together and in whichever pieces. */
import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict'
import { createCache } from '../../../../src/node/engine/generate/cache.ts'
import { createDecoder } from '../../../../src/node/engine/generate/decoder.ts'
import { decoderShapeOf } from '../../../../src/pipeline/decoder_shape.ts'
import { readGraph } from '../../../../src/pipeline/onnx/graph.ts'
import type { Model } from '../../../../src/stages/types.ts'
import { onnxOf } from '../../../pipeline/onnx.ts'
import { CONTEXT, type Layout, madeDecoder, VOCAB } from './made_decoder.ts'
import { modelOf } from './scene.ts'

const LAYOUTS: Layout[] = [
  { kind: 'slot' },
  { kind: 'slot', integers: 'int32' },
  { kind: 'cat' },
  { kind: 'cat', countsPositions: true },
  { kind: 'cat', isMerged: true },
  { kind: 'cat', isHalf: true, integers: 'int32' },
  { kind: 'slot', isHalf: true },
]
const LENGTHS = [40, 3, 33, 17]
const texts = LENGTHS.map((length, n) =>
  Array.from({ length: length + 8 }, (_, i) => (7 * i * (n + 3) + 5 * n) % VOCAB)
)

/** The logits behind so many tokens, all of them read at once, in our own layout. */
async function recomputed(ids: readonly number[], count: number): Promise<Float32Array> {
  const { model, shape } = await modelOf({ kind: 'slot' })
  const kv = createCache(shape, CONTEXT).open(CONTEXT)!
  const [logits] = await createDecoder(model, shape).run([{ kv, ids, count }], 'chunks')
  return logits!.slice()
}

function near(found: Float32Array, expected: Float32Array, most: number): void {
  equal(found.length, expected.length)
  const worst = Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)))
  ok(worst < most, `${worst} off`)
}

for (const layout of LAYOUTS) {
  Deno.test(`a decoder of layout ${JSON.stringify(layout)} goes on with rows of any length`, async () => {
    const { model, shape } = await modelOf(layout)
    const decoder = createDecoder(model, shape)
    await decoder.prepare()
    const cache = createCache(shape, 4 * CONTEXT)
    const rows = texts.map((ids, n) => ({ kv: cache.open(48)!, ids, count: LENGTHS[n]! }))
    for (const row of rows) {
      const [logits] = await decoder.run([row], 'chunks')
      near(logits!, await recomputed(row.ids, row.kv.length), layout.isHalf ? 0.02 : 1e-4)
      row.count = 1
    }
    for (let step = 0; step < 6; step++) {
      // Rows change places, and some are left out for a while.
      const these = rows.filter((_, n) => n !== step % 5).toSorted(() => step % 2 - 0.5)
      const groups = decoder.sharing.evenPasts ? these.map((row) => [row]) : [these]
      for (const group of groups) {
        const logits = (await decoder.run(group, 'steps')).map((own) => own.slice())
        for (const [i, { ids, kv }] of group.entries()) {
          near(logits[i]!, await recomputed(ids, kv.length), layout.isHalf ? 0.02 : 1e-4)
        }
      }
    }
  })
}

Deno.test('a decoder finds out which rows of a model may share a run', async () => {
  const sharingOf = async (layout: Layout) => {
    const { model, shape } = await modelOf(layout)
    const decoder = createDecoder(model, shape)
    await decoder.prepare()
    return decoder.sharing
  }
  const any = { padding: 0, evenPasts: false, aloneChunks: false, wholePrompts: false }
  deepEqual(await sharingOf({ kind: 'slot' }), { ...any, padding: 4 })
  deepEqual(await sharingOf({ kind: 'cat' }), any)
  deepEqual(await sharingOf({ kind: 'cat', countsPositions: true }), { ...any, evenPasts: true })
  deepEqual(await sharingOf({ kind: 'cat', isMerged: true }), {
    ...{ ...any, aloneChunks: true, wholePrompts: true },
  })
})

Deno.test('numbers of rows are kept to powers of two where the engine compiles for shapes', async () => {
  for (const layout of [{ kind: 'slot' }, { kind: 'cat' }] as const) {
    const { model, shape } = await modelOf(layout)
    const sizes: number[] = []
    const spied: Model = {
      ...model,
      run: (feeds, exact) => (sizes.push(feeds['input_ids']!.dims[0]!), model.run(feeds, exact)),
    }
    const decoder = createDecoder(spied, shape, true)
    const cache = createCache(shape, 3 * CONTEXT)
    const rows = texts.slice(0, 3).map((ids) => ({ kv: cache.open(48)!, ids, count: 9 }))
    const logits = (await decoder.run(rows, 'chunks')).map((own) => own.slice())
    deepEqual(sizes, [4])
    for (const [n, own] of logits.entries()) near(own, await recomputed(texts[n]!, 9), 1e-4)
  }
})

Deno.test('a run that fails leaves its rows as they were', async () => {
  const { model, shape } = await modelOf({ kind: 'slot' })
  const decoder = createDecoder(model, shape)
  const kv = createCache(shape, CONTEXT).open(CONTEXT)!
  const ids = [5, 6, VOCAB + 7, 8]
  await decoder.run([{ kv, ids, count: 2 }], 'chunks')
  await rejects(decoder.run([{ kv, ids, count: 2 }], 'chunks'), { code: 'run_failed' })
  equal(kv.length, 2)
  ids[2] = 7
  const [logits] = await decoder.run([{ kv, ids, count: 2 }], 'chunks')
  near(logits!, await recomputed(ids, 4), 1e-4)
})

Deno.test('decoderShapeOf() reads a layout, and names the tensor that fits none', () => {
  const facts = (layout: Layout) => readGraph(madeDecoder(layout))
  const sizes = { layers: 2, kvHeads: 2, headDim: 8, vocab: VOCAB }
  deepEqual(decoderShapeOf(facts({ kind: 'slot' })), {
    ...{ ...sizes, kind: 'slot', kv: 'float32' },
    types: { input_ids: 'int64', position_ids: 'int64', bias: 'float32', last: 'int64' },
  })
  deepEqual(decoderShapeOf(facts({ kind: 'cat', isHalf: true, integers: 'int32' })), {
    ...{ ...sizes, kind: 'cat', kv: 'float16' },
    types: { input_ids: 'int32', attention_mask: 'int32', position_ids: 'int32' },
  })

  const cat = () => facts({ kind: 'cat' })
  const changed = (name: string, change: { type?: string; dims?: (number | string)[] }) => {
    const graph = cat()
    for (const tensor of [...graph.inputs, ...graph.outputs]) {
      if (tensor.name === name) Object.assign(tensor, change)
    }
    return () => decoderShapeOf(graph)
  }
  const without = (name: string) => {
    const graph = cat()
    graph.inputs = graph.inputs.filter((one) => one.name !== name)
    return () => decoderShapeOf(graph)
  }
  throws(without('attention_mask'), /^Error: it has no input attention_mask$/)
  throws(without('past_key_values.0.value'), /past_key_values\.0\.value/)
  throws(changed('input_ids', { type: 'float32' }), /input_ids float32 \[B,S\] is to be int64 or/)
  throws(
    changed('input_ids', { dims: [1, 'S'] }),
    /input_ids int64 \[1,S\] is to be sizes that vary/,
  )
  throws(changed('logits', { dims: ['B', 'S', 'V'] }), /logits float32 \[B,S,V\] is to be/)
  throws(
    changed('past_key_values.1.key', { dims: ['B', 4, 'T', 8] }),
    /past_key_values\.1\.key has other sizes/,
  )
  throws(
    changed('past_key_values.0.key', { dims: ['B', 'H', 'T', 8] }),
    /past_key_values\.0\.key float32 \[B,H,T,8\] is to be/,
  )
  const more = cat()
  more.inputs.push({ name: 'encoder_hidden_states', type: 'float32', dims: ['B', 'S', 8] })
  throws(() => decoderShapeOf(more), /encoder_hidden_states float32 \[B,S,8\] is none of input_ids/)
  throws(() => decoderShapeOf({ ...cat(), external: true }), /weights are in files beside it/)
  const none = onnxOf({
    ...{ inputs: { x: ['N'] }, outputs: { y: ['N'] } },
    nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }],
  })
  throws(() => decoderShapeOf(readGraph(none)), /it has no output present\.0\.key/)
})

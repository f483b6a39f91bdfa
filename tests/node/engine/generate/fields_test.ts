/** The loop with weights that were trained: receipts, read alone, together and in pieces. */
import { deepEqual, ok } from 'node:assert/strict'
import { deriveModels, sources } from '../../../../profiles/fields/models.ts'
import { makeSample } from '../../../../profiles/fields/sample.ts'
import { createCache } from '../../../../src/node/engine/generate/cache.ts'
import { createDecoder } from '../../../../src/node/engine/generate/decoder.ts'
import { createLoop, type LoopParts } from '../../../../src/node/engine/generate/loop.ts'
import { createOrtModel } from '../../../../src/node/engine/ort_model.ts'
import { decoderShapeOf } from '../../../../src/pipeline/decoder_shape.ts'
import { generateSchema } from '../../../../src/pipeline/generate.ts'
import { readGraph } from '../../../../src/pipeline/onnx/graph.ts'
import type { Tokenizer } from '../../../../src/stages/generate/types.ts'
import { generated } from './scene.ts'

const CONTEXT = 1024
const BEGIN = 1

const files = await Promise.all(sources.map((url) => Deno.readFile(url)))
const [{ bytes } = { bytes: new Uint8Array() }] = deriveModels(files)
const shape = decoderShapeOf(readGraph(bytes))
const model = await createOrtModel(bytes)

const tokenizer: Tokenizer = {
  ...{ size: 256, ends: [2], bytesOf: (id) => Uint8Array.of(id) },
  encode: (text) => [...new TextEncoder().encode(text)],
}
const prompts = Array.from({ length: 8 }, (_, n) => {
  const { text } = makeSample(5, n, { world: 'training', noise: () => n % 2, mostItems: 3 })
  return [...tokenizer.encode(text), BEGIN]
})

async function answersWith(rows: number, parts: Partial<LoopParts> = {}): Promise<number[][]> {
  const task = generateSchema.parse({ context: CONTEXT, maxTokens: 100, rows })
  const loop = createLoop({ model, shape, task, tokenizer, nowMs: () => 0, ...parts })
  const all = prompts.map((prompt, item) => loop.add({ item, prompt, ask: {}, expiresMs: 1 }).done)
  return (await Promise.all(all)).map((ended) => generated(ended).ids)
}

Deno.test('receipts have the same answers alone, together and read in pieces', async () => {
  const alone = await answersWith(1, { chunkAlone: CONTEXT })
  ok(new Set(alone.map(String)).size === prompts.length)
  deepEqual(await answersWith(8), alone)
  deepEqual(await answersWith(5, { chunk: 19, chunkAlone: 50 }), alone)
})

Deno.test('each token of an answer is the likeliest behind all before it, read at once', async () => {
  const [answer] = await answersWith(3)
  const decoder = createDecoder(model, shape)
  for (let said = 0; said < answer!.length; said += 9) {
    const ids = [...prompts[0]!, ...answer!.slice(0, said)]
    const kv = createCache(shape, CONTEXT).open(CONTEXT)!
    const [logits] = await decoder.run([{ kv, ids, count: ids.length }], 'chunks')
    deepEqual(logits!.indexOf(Math.max(...logits!)), answer![said])
  }
})

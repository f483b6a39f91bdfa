/** What a GPU cannot take is seen in the model's file, and runs on the processor instead. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import onnxProto from 'onnx-proto'
import type { onnx as Onnx } from 'onnx-proto'
import { type Adapter, readAdapter } from '../../../src/node/engine/adapter.ts'
import { readModelFacts, whyNotOnGpu } from '../../../src/node/engine/model_facts.ts'
import { createOrtEngine } from '../../../src/node/engine/ort_engine.ts'
import { modelFile } from '../../stages/ocr.ts'
import { readModel, SMALL_MODEL } from '../fixture.ts'

const { onnx } = onnxProto as unknown as { onnx: typeof Onnx }
const FLOAT = 1
const FLOAT16 = 10

const GPU: Adapter = {
  ...{ vendor: 'acme', architecture: 'a1', description: '', software: false, shaderF16: true },
  ...{ maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 },
}

/** y = x + (1, 2, 3, 4), the weight in half precision. */
function halfModel(): Uint8Array {
  const value = (name: string) => ({
    name,
    type: { tensorType: { elemType: FLOAT, shape: { dim: [{ dimValue: 4 }] } } },
  })
  const model = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'half',
      node: [
        {
          opType: 'Cast',
          input: ['w'],
          output: ['v'],
          attribute: [{ name: 'to', type: 2, i: FLOAT }],
        },
        { opType: 'Add', input: ['x', 'v'], output: ['y'] },
      ],
      initializer: [{
        name: 'w',
        dims: [4],
        dataType: FLOAT16,
        // 1, 2, 3, 4 as IEEE 754 binary16.
        rawData: Uint8Array.of(0, 0x3c, 0, 0x40, 0, 0x42, 0, 0x44),
      }],
      input: [value('x')],
      output: [value('y')],
    },
  })
  return onnx.ModelProto.encode(model).finish()
}

Deno.test('readModelFacts() agrees with a whole reader on the models of the pipeline', async () => {
  for (const name of ['det', 'rec-h32']) {
    const bytes = await Deno.readFile(modelFile(name))
    const { graph } = onnx.ModelProto.decode(bytes)
    const attributes = graph!.node!.flatMap(({ attribute }) => attribute ?? [])
    const tensors = [...graph!.initializer!, ...attributes.flatMap(({ t }) => t ?? [])]
    const largest = Math.max(...tensors.map(({ rawData }) => rawData?.length ?? 0))
    ok(largest > 10_000, `${name}: ${largest}`)
    deepEqual(readModelFacts(bytes), { largestTensorBytes: largest, float16: false })
  }
})

Deno.test('readModelFacts() sees half precision, and nothing in what is no model', () => {
  deepEqual(readModelFacts(halfModel()), { largestTensorBytes: 8, float16: true })
  const none = { largestTensorBytes: 0, float16: false }
  deepEqual(readModelFacts(new Uint8Array(0)), none)
  deepEqual(readModelFacts(new TextEncoder().encode('<!doctype html><p>Not found')), none)
  for (let size = 1; size < halfModel().length; size++) {
    readModelFacts(halfModel().subarray(0, size))
  }
})

Deno.test('whyNotOnGpu() goes by the smaller of the two limits, and by shader-f16', () => {
  const facts = (largestTensorBytes: number, float16 = false) => ({ largestTensorBytes, float16 })
  equal(whyNotOnGpu(facts(2 ** 27), GPU), undefined)
  match(whyNotOnGpu(facts(2 ** 27 + 1), GPU)!, /134217729 bytes is more than the 134217728/)
  match(whyNotOnGpu(facts(101), { ...GPU, maxBufferSize: 100 })!, /more than the 100 /)
  equal(whyNotOnGpu(facts(8, true), GPU), undefined)
  match(whyNotOnGpu(facts(8, true), { ...GPU, shaderF16: false })!, /no shader-f16/)
})

Deno.test('engine on a GPU runs on the processor what the GPU cannot take', async () => {
  const small = { ...GPU, maxStorageBufferBindingSize: 1000, shaderF16: false }
  const use = { backend: 'webgpu', threads: 1 } as const
  const engine = createOrtEngine({}, use, () => Promise.resolve(small))
  await engine.start()
  const half = await engine.acquire('half', halfModel())
  match(engine.fallback('half')!, /half precision/)
  const x = { type: 'float32', dims: [4], data: Float32Array.of(10, 20, 30, 40) } as const
  deepEqual([...(await half.run({ x }))['y']!.data], [11, 22, 33, 44])

  const large = await engine.acquire('large', await readModel(SMALL_MODEL))
  match(engine.fallback('large')!, /more than the 1000/)
  const data = new Float32Array(3 * 48 * 192)
  const outputs = await large.run({ x: { type: 'float32', dims: [1, 3, 48, 192], data } })
  deepEqual(outputs[large.outputNames[0]!]!.dims, [1, 2])
  await engine.release('half')
  equal(engine.fallback('half'), undefined)
})

const adapter = await readAdapter()
Deno.test({
  name: 'the models of the pipeline fit the adapter of this machine' +
    (adapter === undefined ? ' (skipped: no WebGPU adapter here)' : ''),
  ignore: adapter === undefined,
  async fn() {
    // No device of WebGPU may offer less.
    ok(adapter!.maxStorageBufferBindingSize >= 2 ** 27)
    for (const name of ['det', 'rec-h32', 'rec-h16']) {
      const facts = readModelFacts(await Deno.readFile(modelFile(name)))
      equal(whyNotOnGpu(facts, adapter!), undefined)
    }
    const needsF16 = whyNotOnGpu(readModelFacts(halfModel()), adapter!)
    equal(needsF16 === undefined, adapter!.shaderF16)
  },
})

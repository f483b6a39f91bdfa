/** Weights in a file beside the model's are noticed, wherever the model keeps what they are for. */
import { equal } from 'node:assert/strict'
import onnxProto from 'onnx-proto'
import type { onnx as Onnx } from 'onnx-proto'
import { readGraph } from '../../src/pipeline/onnx/graph.ts'
import { TYPE } from './onnx.ts'

const { onnx } = onnxProto as unknown as { onnx: typeof Onnx }

const rawData = new Uint8Array(Float32Array.of(1, 2).buffer)
const inside = { name: 'w', dataType: TYPE.float32, dims: [2], rawData }
const outside = {
  ...{ name: 'w', dataType: TYPE.float32, dims: [2], dataLocation: 1 },
  externalData: [{ key: 'location', value: 'weights.bin' }],
}

const model = (graph: Onnx.IGraphProto) =>
  onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: { name: 'made', output: [{ name: 'y' }], ...graph },
  }).finish()

const initialised = (weights: Onnx.ITensorProto) => model({ initializer: [weights] })
const constant = (t: Onnx.ITensorProto) =>
  model({
    node: [
      { opType: 'Relu', input: ['x'], output: ['y'] },
      { opType: 'Constant', output: ['w'], attribute: [{ name: 'value', type: 4, t }] },
    ],
  })

for (const [where, made] of [['an initializer', initialised], ['a node', constant]] as const) {
  Deno.test(`weights of ${where} are inside the file or in another`, () => {
    equal(readGraph(made(inside)).external, false)
    equal(readGraph(made(outside)).external, true)
  })
}

/** Small ONNX files made for tests, of whatever nodes a test needs. */
import onnxProto from 'onnx-proto'
import type { onnx as Onnx } from 'onnx-proto'

const { onnx } = onnxProto as unknown as { onnx: typeof Onnx }

export const TYPE = {
  ...{ float32: 1, uint8: 2, int32: 6, int64: 7, string: 8, bool: 9, float16: 10, float64: 11 },
} as const
/** A sequence is one of tensors, without a shape. */
export type TypeName = keyof typeof TYPE | 'sequence'

/** A size, or a name where it varies. */
export type Dims = readonly (number | string)[]
/** float32, a type with a shape, or float32 of which the file says no shape. */
export type Made = Dims | [TypeName, Dims] | 'unshaped'

export interface MadeNode {
  op: string
  inputs: string[]
  outputs: string[]
  ints?: { [attribute: string]: number | number[] }
}

export interface MadeModel {
  inputs: { [name: string]: Made }
  outputs: { [name: string]: Made }
  weights?: { [name: string]: { dims: number[]; values: number[]; type?: 'float32' | 'int64' } }
  nodes: MadeNode[]
}

export function onnxOf({ inputs, outputs, weights = {}, nodes }: MadeModel): Uint8Array {
  const model = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'made',
      input: Object.entries(inputs).map(([name, what]) => valueInfo(name, what)),
      output: Object.entries(outputs).map(([name, what]) => valueInfo(name, what)),
      initializer: Object.entries(weights).map(([name, { dims, values, type = 'float32' }]) => ({
        name,
        dims,
        dataType: TYPE[type],
        rawData: new Uint8Array(
          type === 'float32'
            ? Float32Array.from(values).buffer
            : BigInt64Array.from(values.map(BigInt)).buffer,
        ),
      })),
      node: nodes.map(({ op, inputs, outputs, ints = {} }) => ({
        opType: op,
        input: inputs,
        output: outputs,
        attribute: Object.entries(ints).map(([name, value]) =>
          Array.isArray(value) ? { name, type: 7, ints: value } : { name, type: 2, i: value }
        ),
      })),
    },
  })
  return onnx.ModelProto.encode(model).finish()
}

function valueInfo(name: string, what: Made) {
  if (what === 'unshaped') return { name, type: { tensorType: { elemType: TYPE.float32 } } }
  const [type, dims]: [TypeName, Dims] = Array.isArray(what[1])
    ? what as [TypeName, Dims]
    : ['float32', what as Dims]
  if (type === 'sequence') {
    const tensorType = { elemType: TYPE.float32 }
    return { name, type: { sequenceType: { elemType: { tensorType } } } }
  }
  return {
    name,
    type: {
      tensorType: {
        elemType: TYPE[type],
        shape: {
          dim: dims.map((dim) => typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim }),
        },
      },
    },
  }
}

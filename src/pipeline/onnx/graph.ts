/**
 * What an ONNX file says of its inputs and outputs: names, types of elements, shapes.
 *
 * Field numbers are those of onnx.proto (ONNX IR).
 *
 * @module
 */
import { fieldsOf, numbersIn, parts } from './wire.ts'

export interface TensorFacts {
  name: string
  /** As ONNX Runtime calls it, `float32`; `unknown` for what is no tensor of numbers. */
  type: string
  /** A name or -1 where a size varies; `undefined` where the file says nothing of the shape. */
  dims: (number | string)[] | undefined
}

export interface GraphFacts {
  /** Without those that have a value in the file. */
  inputs: TensorFacts[]
  outputs: TensorFacts[]
  /** Whether weights are in files beside this one, which nobody would fetch. */
  external: boolean
}

const TYPES: { [type: number]: string } = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
}

/** @throws RangeError where the bytes are no ONNX model, with what they lack */
export function readGraph(bytes: Uint8Array): GraphFacts {
  const [graph] = parts(bytes, 7)
  if (graph === undefined) throw new RangeError('it has no graph')
  const facts: GraphFacts = { inputs: [], outputs: [], external: false }
  const given = new Set<string>()
  for (const { field, value } of fieldsOf(graph)) {
    if (typeof value === 'number') continue
    if (field === 5) {
      given.add(textIn(value, 8))
      if (isOutside(value)) facts.external = true
    }
    // A node's attribute may be a tensor, as a constant's is.
    if (field === 1) {
      for (const attribute of parts(value, 5)) {
        if ([...parts(attribute, 5)].some(isOutside)) facts.external = true
      }
    }
    if (field === 11) facts.inputs.push(readTensorFacts(value))
    if (field === 12) facts.outputs.push(readTensorFacts(value))
  }
  if (facts.outputs.length === 0) throw new RangeError('its graph has no output')
  // Older files list weights among the inputs, too.
  facts.inputs = facts.inputs.filter(({ name }) => !given.has(name))
  return facts
}

/** `float32 [N,3,48,W]`, for people. */
export function textOfTensor({ type, dims }: Pick<TensorFacts, 'type' | 'dims'>): string {
  return `${type} [${dims === undefined ? '...' : dims.map((d) => d === -1 ? '?' : d).join(',')}]`
}

function readTensorFacts(info: Uint8Array): TensorFacts {
  const facts: TensorFacts = { name: textIn(info, 1), type: 'unknown', dims: undefined }
  for (const type of parts(info, 2)) {
    for (const tensor of parts(type, 1)) {
      for (const { field, value } of fieldsOf(tensor)) {
        if (field === 1 && typeof value === 'number') facts.type = TYPES[value] ?? 'unknown'
        if (field === 2 && typeof value !== 'number') {
          facts.dims = [...parts(value, 1)].map(readDim)
        }
      }
    }
  }
  return facts
}

function readDim(dim: Uint8Array): number | string {
  for (const { field, value } of fieldsOf(dim)) {
    if (field === 1) {
      const [size = -1] = numbersIn(value)
      // Negative and zero sizes stand for unknown in some exporters' files.
      return size >= 1 && size <= Number.MAX_SAFE_INTEGER ? size : -1
    }
    if (field === 2 && typeof value !== 'number') return new TextDecoder().decode(value)
  }
  return -1
}

/** 14 is where the data of a tensor is: 1 in another file. */
const isOutside = (tensor: Uint8Array): boolean =>
  fieldsOf(tensor).some(({ field, value }) => field === 14 && value === 1)

function textIn(message: Uint8Array, wanted: number): string {
  const [text] = parts(message, wanted)
  return text === undefined ? '' : new TextDecoder().decode(text)
}

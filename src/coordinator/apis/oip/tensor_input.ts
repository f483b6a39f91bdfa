/**
 * Tensors of a query, from JSON or from the bytes behind it, checked against the pipeline's inputs.
 *
 * @module
 */
import type { Takes } from '../../../pipeline/takes.ts'
import {
  dataOf,
  elementsOf,
  emptyData,
  fits,
  specText,
  type Tensor,
  TENSOR_TYPES,
  type TensorType,
  typeOfDatatype,
} from '../../../pipeline/tensor.ts'
import { packTensors } from '../../../pipeline/tensor_item.ts'
import { ApiError } from '../../core/api_error.ts'
import type { Payload } from '../../nodes/payload.ts'
import { MAX_DIMS, type RequestInput } from './schemas.ts'

const fail = (what: string, fault: string): never => {
  throw new ApiError('invalid_input', `Cannot use ${what}: ${fault}`)
}

const quote = (text: string) => JSON.stringify(text.slice(0, 100))

const LEAST: { [type: string]: number } = { int8: -128, int16: -32768, int32: -2147483648 }
const MOST: { [type: string]: number } = {
  ...{ int8: 127, int16: 32767, int32: 2147483647, uint8: 255, uint16: 65535, uint32: 4294967295 },
}

/**
 * @param binary bytes behind the JSON, all of which inputs must claim, in their order
 * @throws ApiError `invalid_input` that names the tensor, the expected and the received value
 */
export function readTensors(
  takes: Takes,
  inputs: readonly RequestInput[],
  binary: Uint8Array | undefined,
): Pick<Payload, 'meta' | 'bytes'> {
  const tensors: { [name: string]: Tensor } = {}
  let claimed = 0
  for (const input of inputs) {
    const what = `input ${quote(input.name)}`
    const spec = Object.hasOwn(takes, input.name) ? takes[input.name] : undefined
    if (spec === undefined) return fail(what, `the model takes ${Object.keys(takes).join(', ')}`)
    if (Object.hasOwn(tensors, input.name)) fail(what, 'it is there more than once')
    const expected = `expected ${textOf(spec.type, spec.shape)}`
    const received = `received ${input.datatype.slice(0, 20)} [${input.shape.slice(0, 16)}]`
    if (typeOfDatatype(input.datatype) !== spec.type || !fits(spec.shape, input.shape)) {
      fail(what, `${expected}, ${received}`)
    }
    const count = elementsOf(input.shape)
    const { data, parameters = {} } = input
    const size = parameters['binary_data_size']
    if (size === undefined) {
      tensors[input.name] = {
        type: spec.type,
        dims: input.shape,
        data: fromJson(what, spec.type, count, data),
      }
      continue
    }
    if (data !== undefined) fail(what, 'it has both data and parameters.binary_data_size')
    if (binary === undefined) {
      return fail(what, 'binary data needs the header Inference-Header-Content-Length')
    }
    const bytes = count * TENSOR_TYPES[spec.type].bytes
    if (size !== bytes) {
      fail(
        what,
        `[${input.shape}] of ${input.datatype} is ${bytes} bytes: received ` +
          `binary_data_size ${size}`,
      )
    }
    if (claimed + bytes > binary.byteLength) {
      fail(what, `${binary.byteLength - claimed} of its ${bytes} bytes follow the JSON`)
    }
    const own = binary.subarray(claimed, claimed + bytes)
    claimed += bytes
    tensors[input.name] = { type: spec.type, dims: input.shape, data: dataOf(spec.type, own) }
  }
  for (const [name, { type, shape }] of Object.entries(takes)) {
    if (!Object.hasOwn(tensors, name)) {
      fail(`the request`, `input ${name}, ${textOf(type, shape)}, is missing`)
    }
  }
  if (binary !== undefined && claimed < binary.byteLength) {
    fail(
      'the body',
      `${binary.byteLength - claimed} bytes follow the JSON, and no input claims them`,
    )
  }
  return packTensors(tensors)
}

const textOf = (type: TensorType, shape: readonly number[]) =>
  specText(TENSOR_TYPES[type].datatype, shape)

/** The one input whose elements are the whole body; their number gives its one variable size. */
export function wholeInput(takes: Takes, bytes: number): RequestInput {
  const [[name, spec] = [], second] = Object.entries(takes)
  const open = spec?.shape.filter((size) => size === -1).length ?? 2
  if (name === undefined || spec === undefined || second !== undefined || open > 1) {
    return fail('the body', 'it can be the whole of one input only, of which one size varies')
  }
  const { bytes: each, datatype } = TENSOR_TYPES[spec.type]
  const rest = elementsOf(spec.shape.filter((size) => size !== -1)) * each
  if (bytes % rest !== 0) {
    fail('the body', `${bytes} bytes do not fit input ${name}, ${textOf(spec.type, spec.shape)}`)
  }
  const shape = spec.shape.map((size) => size === -1 ? bytes / rest : size)
  return { name, datatype, shape, parameters: { binary_data_size: bytes } }
}

function fromJson(what: string, type: TensorType, count: number, data: unknown[] | undefined) {
  if (data === undefined) {
    return fail(what, 'it has neither data nor parameters.binary_data_size')
  }
  if (type === 'float16') return fail(what, 'FP16 has no form in JSON: send it as binary data')
  const flat = data.flat(MAX_DIMS)
  if (flat.length !== count) {
    return fail(what, `its shape has ${count} elements, its data ${flat.length}`)
  }
  const out = emptyData(type, count)
  const isWide = type === 'int64' || type === 'uint64'
  const isReal = type === 'float32' || type === 'float64'
  flat.forEach((element, i) => {
    const number = type === 'bool' && typeof element === 'boolean' ? Number(element) : element
    const fitting = typeof number === 'number' &&
      (isReal
        ? Number.isFinite(number)
        : isWide
        ? Number.isSafeInteger(number) && (type === 'int64' || number >= 0)
        : Number.isInteger(number) && number >= (LEAST[type] ?? 0) && number <= (MOST[type] ?? 1))
    if (!fitting) {
      // Nested values of any depth.
      const received = typeof element === 'object' && element !== null
        ? 'a list or an object'
        : quote(String(JSON.stringify(element)))
      return fail(
        what,
        `element ${i} of data is no ${TENSOR_TYPES[type].datatype}: received ${received}`,
      )
    }
    out[i] = (isWide ? BigInt(number) : number) as never
  })
  return out
}

/** Tensors of a request against what a pipeline takes, and of answers against what they are to be. */
import assert from 'node:assert/strict'
import type { Takes } from '../../src/pipeline/takes.ts'
import type { TensorType } from '../../src/pipeline/tensor.ts'
import { TensorValue, unpackTensors } from '../../src/pipeline/tensor_item.ts'
import { readTensors, wholeInput } from '../../src/coordinator/apis/oip/tensor_input.ts'
import { tensorOutput } from '../../src/coordinator/apis/oip/tensor_output.ts'
import type { Outputs } from '../../src/coordinator/apis/oip/model_output.ts'
import { decodeBytes, encodeTensor } from '../../src/coordinator/apis/oip/tensors.ts'

const takesOf = (type: TensorType, shape = [-1]): Takes => ({ x: { type, shape } }) as Takes

/** The elements that are read of these. */
function read(type: TensorType, datatype: string, data: unknown[]): unknown[] {
  const input = { name: 'x', shape: [data.length], datatype, data }
  const { meta, bytes } = readTensors(takesOf(type), [input], undefined)
  return Array.from(unpackTensors(meta, bytes)['x']!.data as unknown as Iterable<unknown>)
}

Deno.test('numbers of JSON are those that their type has, to its ends and no further', () => {
  const whole: [TensorType, string, number, number][] = [
    ['int8', 'INT8', -128, 127],
    ['int16', 'INT16', -32768, 32767],
    ['int32', 'INT32', -2147483648, 2147483647],
    ['uint8', 'UINT8', 0, 255],
    ['uint16', 'UINT16', 0, 65535],
    ['uint32', 'UINT32', 0, 4294967295],
    ['bool', 'BOOL', 0, 1],
  ]
  const refused = (type: TensorType, datatype: string, value: unknown) =>
    assert.throws(
      () => read(type, datatype, [0, value]),
      new RegExp(`element 1 of data is no ${datatype}: received`),
      `${datatype} ${value}`,
    )
  for (const [type, datatype, least, most] of whole) {
    assert.deepEqual(read(type, datatype, [least, most]), [least, most])
    for (const value of [least - 1, most + 1, 0.5]) refused(type, datatype, value)
  }
  const safe = Number.MAX_SAFE_INTEGER
  assert.deepEqual(read('int64', 'INT64', [-safe, safe]), [-safe, safe].map(BigInt))
  assert.deepEqual(read('uint64', 'UINT64', [0, safe]), [0n, BigInt(safe)])
  refused('int64', 'INT64', safe + 1)
  refused('uint64', 'UINT64', -1)
  assert.deepEqual(read('float64', 'FP64', [-0.1, 1e300]), [-0.1, 1e300])
  refused('float64', 'FP64', Infinity)
  assert.deepEqual(read('bool', 'BOOL', [true, false]), [1, 0])
  for (const [type, datatype] of [...whole.slice(0, 6), ['float32', 'FP32'], ['int64', 'INT64']]) {
    for (const value of [true, null, '1', { a: 1 }]) {
      refused(type as TensorType, datatype as string, value)
    }
  }
  assert.throws(() => read('int8', 'INT8', [{ a: 'x'.repeat(9) }]), /received a list or an object$/)
})

Deno.test('what a tensor lacks, or has twice, is said', () => {
  const input = { name: 'x', shape: [2], datatype: 'FP32' }
  const sized = { ...input, parameters: { binary_data_size: 8 } }
  const bytes = new Uint8Array(8)
  const cases: [object, Uint8Array | undefined, RegExp, TensorType?][] = [
    [input, undefined, /it has neither data nor parameters\.binary_data_size/],
    [{ ...sized, data: [1, 2] }, bytes, /it has both data and parameters\.binary_data_size/],
    [sized, undefined, /binary data needs the header Inference-Header-Content-Length/],
    [sized, bytes.subarray(3), /5 of its 8 bytes follow the JSON/],
    [{ ...sized, parameters: { binary_data_size: 4 } }, bytes, /is 8 bytes: received .* 4/],
    [
      { ...input, datatype: 'FP16', data: [1, 2] },
      undefined,
      /FP16 has no form in JSON/,
      'float16',
    ],
    [{ ...input, shape: [3], data: [[1], [[2]]] }, undefined, /has 3 elements, its data 2/],
  ]
  for (const [one, binary, error, type = 'float32'] of cases) {
    assert.throws(() => readTensors(takesOf(type), [one as typeof input], binary), error)
  }
})

Deno.test('a body is the whole of the one input whose one open size it tells', () => {
  assert.deepEqual(wholeInput(takesOf('float32', [-1, 2, 3]), 48), {
    ...{ name: 'x', datatype: 'FP32', shape: [2, 2, 3], parameters: { binary_data_size: 48 } },
  })
  assert.deepEqual(wholeInput(takesOf('int16', [3]), 6).shape, [3])
  const two: Takes = { ...takesOf('int8'), y: { type: 'int8', shape: [-1] } }
  for (const takes of [takesOf('int8', [-1, -1]), two, {}]) {
    assert.throws(() => wholeInput(takes, 8), /the whole of one input only/)
  }
  assert.throws(() => wholeInput(takesOf('float32', [-1, 2]), 12), /12 bytes do not fit input x/)
  // A size that does not vary is held against the rest as any other.
  const fixed = wholeInput(takesOf('int8', [3]), 6)
  assert.throws(() => readTensors(takesOf('int8', [3]), [fixed], new Uint8Array(6)), /received/)
})

Deno.test('tensors of several entries are one, row below row, where their rows are alike', () => {
  const value = (dims: number[]) => {
    const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => i)
    return new TensorValue('float32', dims, new Uint8Array(data.buffer))
  }
  const answers = (...values: unknown[]) => [{ list: values.map((y) => ({ y })) }] as Outputs[]
  const of = (shape: number[], alone = false) =>
    tensorOutput('y', 'list', 'y', { type: 'float32', shape }, alone)
  const joined = of([-1, 2]).read(answers(value([1, 2]), value([2, 2])))
  assert.deepEqual([joined.shape, joined.data], [[3, 2], [0, 1, 0, 1, 2, 3]])
  assert.deepEqual(
    new Float32Array(encodeTensor(joined).buffer),
    Float32Array.from([0, 1, 0, 1, 2, 3]),
  )
  assert.deepEqual(of([]).read(answers(value([]), value([]))).shape, [2], 'a number is a row')
  assert.deepEqual(of([-1, 5, -1]).read(answers()).shape, [0, 5, 0])
  assert.throws(
    () => of([-1, -1]).read(answers(value([1, 2]), value([1, 3]))),
    /\[1,2\] and \[1,3\]/,
  )
  assert.throws(() => of([-1]).read(answers(7)), /a node sent no tensor/)
  assert.deepEqual([of([3, 2]).shape, of([3, 2], true).shape], [[-1, 2], [3, 2]])
  assert.deepEqual([of([]).shape, of([], true).shape], [[-1], [-1]])
})

Deno.test('elements of BYTES end where their lengths say, all of them', () => {
  const bytes = encodeTensor({ name: 'x', datatype: 'BYTES', shape: [2], data: ['a', 'é'] })
  const texts = decodeBytes(bytes, 9)?.map((one) => new TextDecoder().decode(one))
  assert.deepEqual(texts, ['a', 'é'])
  assert.deepEqual(decodeBytes(new Uint8Array(0), 9), [])
  for (let length = 1; length < bytes.length; length++) {
    // Behind the first element it is one, and whole.
    const cut = decodeBytes(bytes.subarray(0, length), 9)
    assert.equal(cut?.length, length === 5 ? 1 : undefined, String(length))
  }
})

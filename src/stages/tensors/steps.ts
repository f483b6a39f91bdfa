/**
 * The steps between one model's output and the next one's input.
 *
 * Every step that moves elements sees a tensor as `outer` blocks of `length` rows of `inner`
 * elements that lie together, around its axis.
 *
 * @module
 */
import {
  elementsOf,
  emptyData,
  filledData,
  type Tensor,
  TENSOR_TYPES,
  type TensorData,
} from '../../pipeline/tensor.ts'
import { halfOrder } from '../../pipeline/half.ts'
import type { Step } from './description.ts'
import { axisOf, rangeOf, specAfter, StepError, windowCount } from './shapes.ts'

/** Windows that overlap make much of little: no item may take a device's memory. */
const MOST_BYTES = 2 ** 28

/** @throws StepError where it does not fit the tensor, or makes more of it than there is room for */
export function applyStep(step: Step, tensor: Tensor): Tensor {
  const spec = { type: tensor.type, shape: tensor.dims }
  const { type, shape: dims } = specAfter(step, spec)
  const bytes = elementsOf(dims) * TENSOR_TYPES[type].bytes
  if (bytes > MOST_BYTES) {
    throw new StepError(
      `${JSON.stringify(step)}: makes ${bytes} bytes, of which there may be ${MOST_BYTES}`,
    )
  }
  const made = (data: TensorData): Tensor => ({ type, dims, data })
  if ('reshape' in step) return made(tensor.data)
  if ('transpose' in step) return made(transposed(tensor, step.transpose))
  if ('slice' in step) {
    const around = aroundOf(tensor, axisOf(step, step.slice.axis, spec))
    const [from, to] = rangeOf(around.length, step.slice.from, step.slice.to)
    return made(copyRows(tensor, around, dims, [{ from, rows: to - from, to: 0 }]))
  }
  if ('window' in step) {
    const { size, step: stride } = step.window
    const around = aroundOf(tensor, axisOf(step, step.window.axis, spec))
    const data = emptyData(type, elementsOf(dims))
    const { outer, length, inner } = around
    for (let n = 0; n < windowCount(length, size, stride); n++) {
      for (let o = 0; o < outer; o++) {
        const from = (o * length + n * stride) * inner
        set(data, part(tensor.data, from, from + size * inner), (n * outer + o) * size * inner)
      }
    }
    return made(data)
  }
  if ('pad' in step) {
    const around = aroundOf(tensor, axisOf(step, step.pad.axis, spec))
    const missing = Math.max(0, step.pad.to - around.length)
    const to = step.pad.at === 'start' ? missing : 0
    const rows = [{ from: 0, rows: around.length, to }]
    return made(copyRows(tensor, around, dims, rows, step.pad.value))
  }
  if ('type' in step) return made(converted(tensor, type))
  if ('argmax' in step) return made(argmax(tensor, axisOf(step, step.argmax, spec)))
  if ('softmax' in step) return made(softmax(tensor, axisOf(step, step.softmax, spec)))
  const data = (tensor.data as Float32Array).slice()
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!
    data[i] = 'multiply' in step
      ? value * step.multiply
      : 'divide' in step
      ? value / step.divide
      : value + step.add
  }
  return made(data)
}

/** Rows of the first axis, each a tensor whose first size is 1. */
export function rowsOf({ type, dims, data }: Tensor): Tensor[] {
  const [count = 0, ...rest] = dims
  const length = elementsOf(rest)
  return Array.from({ length: count }, (_, i) => ({
    type,
    dims: [1, ...rest],
    data: part(data, i * length, (i + 1) * length),
  }))
}

/** Tensors one below the other along the first axis. */
export function stacked(tensors: readonly Tensor[]): Tensor {
  const { type, dims } = tensors[0]!
  const rows = tensors.reduce((sum, tensor) => sum + tensor.dims[0]!, 0)
  const all = [rows, ...dims.slice(1)]
  const data = emptyData(type, elementsOf(all))
  let at = 0
  for (const tensor of tensors) {
    set(data, tensor.data, at)
    at += tensor.data.length
  }
  return { type, dims: all, data }
}

/** The part of a tensor from one row of its first axis to another. */
export function rowRange({ type, dims, data }: Tensor, from: number, to: number): Tensor {
  const length = elementsOf(dims.slice(1))
  return { type, dims: [to - from, ...dims.slice(1)], data: part(data, from * length, to * length) }
}

interface Around {
  outer: number
  length: number
  inner: number
}

const aroundOf = ({ dims }: Tensor, axis: number): Around => ({
  outer: elementsOf(dims.slice(0, axis)),
  length: dims[axis]!,
  inner: elementsOf(dims.slice(axis + 1)),
})

const part = (data: TensorData, from: number, to: number) => data.subarray(from, to) as TensorData
const set = (data: TensorData, values: TensorData, at: number) => data.set(values as never, at)

/** Rows along an axis into a tensor of other length there; the rest of it is `value`. */
function copyRows(
  { type, data }: Tensor,
  { outer, length, inner }: Around,
  dims: readonly number[],
  runs: readonly { from: number; rows: number; to: number }[],
  value = 0,
): TensorData {
  const out = filledData(type, elementsOf(dims), value)
  const outLength = out.length / Math.max(outer * inner, 1)
  for (let o = 0; o < outer; o++) {
    for (const { from, rows, to } of runs) {
      const start = (o * length + from) * inner
      set(out, part(data, start, start + rows * inner), (o * outLength + to) * inner)
    }
  }
  return out
}

function transposed({ type, dims, data }: Tensor, order: readonly number[]): TensorData {
  const out = emptyData(type, data.length)
  const strides = dims.map((_, i) => elementsOf(dims.slice(i + 1)))
  const sizes = order.map((axis) => dims[axis]!)
  const steps = order.map((axis) => strides[axis]!)
  const at = sizes.map(() => 0)
  let from = 0
  for (let i = 0; i < out.length; i++) {
    out[i] = data[from]!
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += steps[axis]!
      if (++at[axis]! < sizes[axis]!) break
      from -= steps[axis]! * sizes[axis]!
      at[axis] = 0
    }
  }
  return out
}

function converted({ data }: Tensor, type: Tensor['type']): TensorData {
  const out = emptyData(type, data.length)
  const isBig = (some: TensorData) =>
    some instanceof BigInt64Array || some instanceof BigUint64Array
  const toBig = isBig(out)
  // As numbers the larger ones would lose their last digits.
  if (toBig && isBig(data)) {
    set(out, data, 0)
    return out
  }
  for (let i = 0; i < out.length; i++) {
    const value = data[i]!
    const number = type === 'bool' ? Number(Boolean(value)) : Number(value)
    if (toBig && !Number.isFinite(number)) {
      throw new StepError(`{"type":"${type}"}: found ${number}, which is no whole number`)
    }
    out[i] = (toBig ? BigInt(Math.trunc(number)) : number) as never
  }
  return out
}

function argmax(tensor: Tensor, axis: number): TensorData {
  const { outer, length, inner } = aroundOf(tensor, axis)
  const { type, data } = tensor
  const values = type === 'float16' && data instanceof Uint16Array
    ? Int32Array.from(data, halfOrder)
    : data
  const out = new BigInt64Array(outer * inner)
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let best = 0
      for (let n = 1; n < length; n++) {
        const place = (at: number) => values[(o * length + at) * inner + i]!
        if (place(n) > place(best)) best = n
      }
      out[o * inner + i] = BigInt(best)
    }
  }
  return out
}

function softmax(tensor: Tensor, axis: number): TensorData {
  const { outer, length, inner } = aroundOf(tensor, axis)
  const out = (tensor.data as Float32Array).slice()
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = (n: number) => (o * length + n) * inner + i
      let most = -Infinity
      for (let n = 0; n < length; n++) most = Math.max(most, out[at(n)]!)
      let sum = 0
      for (let n = 0; n < length; n++) sum += out[at(n)] = Math.exp(out[at(n)]! - most)
      for (let n = 0; n < length; n++) out[at(n)]! /= sum
    }
  }
  return out
}

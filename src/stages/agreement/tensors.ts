/**
 * Whether two nodes gave the same tensors: element by element, since the last bits differ from one
 * backend to another.
 *
 * @module
 */
import { bytesOf, dataOf, type Tensor, type TensorData } from '../../pipeline/tensor.ts'
import { TensorValue, unpackTensors } from '../../pipeline/tensor_item.ts'
import type { Json, JsonObject, StageItem } from '../types.ts'
import { near, sameJson } from './json.ts'
import type { Tolerance } from './tolerance.ts'

/** Fields of a result, some of which may be tensors. */
export function sameFields(
  a: JsonObject | null,
  b: JsonObject | null,
  tolerance: Tolerance,
): boolean {
  if (a === null || b === null) return a === b
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => {
    if (!Object.hasOwn(b, name)) return false
    const [ours, theirs]: unknown[] = [a[name], b[name]]
    if (ours instanceof TensorValue && theirs instanceof TensorValue) {
      return sameTensor(tensorOf(ours), tensorOf(theirs), tolerance)
    }
    // An object may look like a tensor, and is none to whoever asked for one.
    if (ours instanceof TensorValue || theirs instanceof TensorValue) return false
    return sameJson(ours as Json, theirs as Json, tolerance)
  })
}

const tensorOf = ({ type, dims, bytes }: TensorValue): Tensor => ({
  ...{ type, dims, data: dataOf(type, bytes) },
})

/** Tensors that items carry, by their names. */
export function sameTensors(a: StageItem, b: StageItem, tolerance: Tolerance): boolean {
  try {
    const [ours, theirs] = [unpackTensors(a.meta, a.bytes), unpackTensors(b.meta, b.bytes)]
    const names = Object.keys(ours)
    return names.length === Object.keys(theirs).length &&
      names.every((name) =>
        theirs[name] !== undefined && sameTensor(ours[name]!, theirs[name], tolerance)
      )
  } catch {
    return false
  }
}

function sameTensor(a: Tensor, b: Tensor, tolerance: Tolerance): boolean {
  if (a.type !== b.type || a.dims.join() !== b.dims.join()) return false
  if (a.data.length !== b.data.length) return false
  if (isSame(bytesOf(a), bytesOf(b))) return true
  // Whole numbers are names of things, of which one is no nearer than another.
  const measures = a.type.startsWith('float')
  let odd = 0
  for (let i = 0; i < a.data.length; i++) {
    const [ours, theirs] = [a.data[i]!, b.data[i]!]
    if (ours === theirs) continue
    if (!measures || !near(Number(ours), Number(theirs), tolerance)) odd++
  }
  return odd <= tolerance.odd * a.data.length
}

const isSame = (a: TensorData, b: TensorData): boolean => {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

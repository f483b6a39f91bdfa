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
    // An object may look like a tensor, and is none to the client.
    if (ours instanceof TensorValue || theirs instanceof TensorValue) return false
    return sameJson(ours as Json, theirs as Json, tolerance, name)
  })
}

const tensorOf = ({ type, dims, bytes }: TensorValue): Tensor => ({
  type,
  dims,
  data: dataOf(type, bytes),
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
  if (!a.type.startsWith('float')) return othersIn(a, b) <= tolerance.odd * a.data.length
  // A sum near zero is as far off as the large numbers that it is made of.
  const usual = Math.min(usualSize(a), usualSize(b))
  const own = { ...tolerance, absolute: tolerance.absolute * usual }
  for (let i = 0; i < a.data.length; i++) {
    const [ours, theirs] = [Number(a.data[i]), Number(b.data[i])]
    if (ours !== theirs && !near(ours, theirs, own)) return false
  }
  return true
}

function othersIn(a: Tensor, b: Tensor): number {
  let others = 0
  for (let i = 0; i < a.data.length; i++) if (a.data[i] !== b.data[i]) others++
  return others
}

/** Root of the mean square. */
function usualSize({ data }: Tensor): number {
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += Number(data[i]) ** 2
  return Math.sqrt(sum / Math.max(1, data.length))
}

export const isSame = (a: TensorData, b: TensorData): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/**
 * Whether results keep to the bounds of the wire, asked before they are sent: one that does not
 * would make the whole message malformed, with all else that is in it.
 *
 * @module
 */
import { MAX_BLOBS, MAX_MESSAGE_BYTES } from './frame.ts'
import {
  isShallow,
  MAX_CHILDREN,
  MAX_FRAME_BYTES,
  MAX_NAME,
  MAX_RANK,
  MAX_TYPE_NAME,
} from './messages.ts'

/** Most bytes of a message's blobs: the header needs room beside them. */
export const MAX_BLOB_BYTES = MAX_MESSAGE_BYTES - MAX_FRAME_BYTES

interface Sized {
  readonly byteLength: number
}

/** The result of an item that was done, before it is taken apart into header and blobs. */
export interface Outgoing {
  fields: object | null
  tensors?: {
    readonly [field: string]: { type: string; dims: readonly number[]; data: Sized }
  }
  children: { readonly [task: string]: readonly { meta: object; bytes: Sized }[] }
}

/** The room of one message. Asked of each result in turn; those that fit take their part of it. */
export function createResultRoom(): (result: Outgoing) => string | undefined {
  let blobs = 0
  let bytes = 0

  /** Which bound the result is beyond, if any. */
  return function faultOf({ fields, tensors, children }) {
    let moreBlobs = 0
    let moreBytes = 0
    const fault = fields === null ? undefined : recordFault(fields, 'what it tells')
    if (fault !== undefined) return fault
    for (const name in tensors) {
      const { type, dims, data } = tensors[name]!
      if (name.length > MAX_NAME) return nameFault(name)
      if (type.length > MAX_TYPE_NAME) return `a tensor of type ${type.slice(0, MAX_NAME)}`
      if (dims.length > MAX_RANK) return `a tensor of ${dims.length} dimensions, over ${MAX_RANK}`
      if (!dims.every(isSize)) return `a tensor of shape [${dims.join()}]`
      moreBlobs++
      moreBytes += data.byteLength
    }
    for (const task in children) {
      const list = children[task]!
      if (list.length > MAX_CHILDREN) {
        return `${list.length} items for ${task}, over ${MAX_CHILDREN}`
      }
      for (let i = 0; i < list.length; i++) {
        const { meta, bytes } = list[i]!
        const fault = recordFault(meta, `what is told of an item for ${task}`)
        if (fault !== undefined) return fault
        moreBytes += bytes.byteLength
      }
      moreBlobs += list.length
    }
    if (blobs + moreBlobs > MAX_BLOBS) return `over ${MAX_BLOBS} items and tensors in all`
    if (bytes + moreBytes > MAX_BLOB_BYTES) return `over ${MAX_BLOB_BYTES} bytes in all`
    blobs += moreBlobs
    bytes += moreBytes
    return undefined
  }
}

const isSize = (size: number) => Number.isSafeInteger(size) && size >= 0

/** @param what it is, for people: a program that no compiler checked may hand over anything */
function recordFault(record: object, what: string): string | undefined {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    return `${what} is no object of names and values`
  }
  for (const name in record) {
    if (name.length > MAX_NAME) return nameFault(name)
    if (!isShallow((record as Record<string, unknown>)[name])) return `${name} is nested too deeply`
  }
  return undefined
}

const nameFault = (name: string) =>
  `the name ${name.slice(0, 20)}... has ${name.length} characters, over ${MAX_NAME}`

/**
 * From a node's result of an item to the scheduler's outcome.
 *
 * @module
 */
import { elementsOf, isTensorType, TENSOR_TYPES } from '../../pipeline/tensor.ts'
import { TensorValue } from '../../pipeline/tensor_item.ts'
import type { DispatchedItem, Handle, ItemOutcome, QueryId } from '../../policy/core/types.ts'
import type { BatchMessage, ResultMessage } from '../../protocol/mod.ts'
import type { Link } from '../nodes/link.ts'
import type { PooledNode } from '../nodes/nodes.ts'
import type { Payload, Result } from '../nodes/payload.ts'

/** The batch of an item. */
export interface Origin {
  node: PooledNode
  crops: BatchMessage['crops']
  /** Tasks that may get items from this batch. */
  next: readonly string[]
  /** Called for each payload that the node keeps a copy of. */
  keep(query: QueryId, payload: Payload, link: Link, key: string): void
}

/** @throws RangeError where the node's message is no valid result */
export function toOutcome(
  { node, crops, next, keep }: Origin,
  item: ResultMessage['items'][number],
  dispatched: DispatchedItem | undefined,
  blobs: readonly Uint8Array[],
): ItemOutcome {
  if (!item.ok) {
    const { kept } = dispatched?.payload as Payload
    if (item.reason === 'missing' && kept?.link === node.link) {
      // The node dropped its copy, as it may: the next try carries the bytes.
      delete (dispatched?.payload as Payload).kept
      const { message } = item
      return { ok: false, fatal: false, reason: 'node_failed', message, excused: true }
    }
    const fatal = item.reason === 'invalid_input' || item.reason === 'too_large'
    const reason = fatal
      ? item.reason as 'invalid_input'
      : item.reason === 'expired'
      ? 'deadline_exceeded'
      : 'node_failed'
    const gaveUp = fatal && item.gaveUp === true
    return { ok: false, fatal, reason, message: item.message, ...gaveUp && { excused: true } }
  }
  const children: { [task: string]: Handle[] } = {}
  for (const [task, list] of Object.entries(item.children)) {
    if (!next.includes(task)) throw new RangeError(`Cannot hand items to ${task}: no such child`)
    children[task] = list.map(({ meta, blob, key }) => {
      const bytes = blobs[blob]
      if (bytes === undefined) throw new RangeError(`Cannot find blob ${blob} of ${blobs.length}`)
      const payload: Payload = { meta, bytes, crops }
      // The child may be the picture itself, handed on unchanged.
      const { pixels } = (dispatched?.payload ?? {}) as Partial<Payload>
      if (pixels !== undefined && meta['type'] !== undefined) payload.pixels = pixels
      if (key !== undefined && dispatched !== undefined) {
        keep(dispatched.query, payload, node.link, key)
      }
      return payload
    })
  }
  return { ok: true, result: resultOf(item, blobs), children }
}

type Done = Extract<ResultMessage['items'][number], { ok: true }>

/** Fields and tensors of an item, by their names. @throws RangeError for invalid tensors */
function resultOf({ fields, tensors }: Done, blobs: readonly Uint8Array[]): Result {
  if (tensors === undefined) return fields
  const result: NonNullable<Result> = { ...fields }
  for (const [name, { type, dims, blob }] of Object.entries(tensors)) {
    const bytes = blobs[blob]
    if (!isTensorType(type) || bytes?.byteLength !== elementsOf(dims) * TENSOR_TYPES[type].bytes) {
      throw new RangeError(`Cannot use tensor ${name}: received ${bytes?.byteLength} bytes`)
    }
    result[name] = new TensorValue(type, dims, bytes)
  }
  return result
}

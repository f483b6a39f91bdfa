/**
 * Between a batch on the wire and items in hand, and back from results to one frame.
 *
 * @module
 */
import { createResultRoom } from '../protocol/bounds.ts'
import type { BatchMessage, ResultMessage } from '../protocol/messages.ts'
import type { ItemResult, JsonObject, StageItem } from '../stages/types.ts'
import { payloadKey, type PayloadStore } from './payloads.ts'
import type { BatchTimes } from './slot/events.ts'

type WireItem = ResultMessage['items'][number]
type Failed = Extract<WireItem, { ok: false }>

/** Why a stage may say that an item failed; a program may say anything. */
const REASONS: readonly Failed['reason'][] = ['invalid_input', 'too_large', 'internal', 'expired']
/** Longest text that a message may carry. */
const MAX_TEXT = 2000

export interface BatchItems {
  /** Items whose bytes are at hand, in order. Kept payloads are copies: running moves them away. */
  items: StageItem[]
  /** Where each of `items` stands in the batch. */
  positions: number[]
  size: number
}

/** Finds each item's bytes, in the frame or in the store. What is not there is simply not among them. */
export function itemsOf(
  message: BatchMessage,
  blobs: readonly Uint8Array[],
  payloads: PayloadStore,
): BatchItems {
  const items: StageItem[] = []
  const positions: number[] = []
  message.items.forEach(({ meta, payload }, position) => {
    const bytes = 'blob' in payload ? blobs[payload.blob] : payloads.get(payload.key)?.slice()
    if (bytes === undefined) return
    items.push({ meta: meta as JsonObject, bytes })
    positions.push(position)
  })
  return { items, positions, size: message.items.length }
}

/**
 * The answer to a batch. Children's bytes are kept under their keys, where there is room. A result
 * beyond the bounds of the wire fails alone.
 *
 * @param results one for each of `found.items`
 */
export function resultOf(
  batch: number,
  found: BatchItems,
  results: readonly ItemResult[],
  times: BatchTimes,
  payloads: PayloadStore,
): { message: ResultMessage; blobs: Uint8Array[] } {
  const blobs: Uint8Array[] = []
  const items: WireItem[] = Array.from({ length: found.size }, () => missing)
  const faultOf = createResultRoom()
  results.forEach((result, i) => {
    const position = found.positions[i]!
    if (!result.ok) {
      const reason = REASONS.includes(result.reason) ? result.reason : 'internal'
      items[position] = {
        ok: false,
        reason,
        message: clip(String(result.message ?? 'No reason was given')),
        ...result.gaveUp === true && { gaveUp: true },
      }
      return
    }
    const fault = faultOf(result)
    if (fault !== undefined) {
      const message = clip(`Cannot send the result: ${fault}`)
      items[position] = { ok: false, reason: 'internal', message }
      return
    }
    const children: Extract<WireItem, { ok: true }>['children'] = {}
    for (const [task, list] of Object.entries(result.children)) {
      children[task] = list.map(({ meta, bytes }, n) => {
        const key = payloadKey(batch, position, task, n)
        const kept = payloads.put(key, bytes)
        return { meta, blob: blobs.push(bytes) - 1, ...(kept ? { key } : {}) }
      })
    }
    const tensors: NonNullable<Extract<WireItem, { ok: true }>['tensors']> = {}
    for (const [field, { type, dims, data }] of Object.entries(result.tensors ?? {})) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      tensors[field] = { type, dims: [...dims], blob: blobs.push(bytes) - 1 }
    }
    const { fields } = result
    items[position] = { ok: true, fields, ...(result.tensors && { tensors }), children }
  })
  return { message: { type: 'result', batch, ...times, items }, blobs }
}

const missing: Failed = {
  ok: false,
  reason: 'missing',
  message: 'The node does not have these bytes (any more)',
}

/** The answer to a batch whose time was up before it ran. */
export function expiredOf(batch: number, size: number, times: BatchTimes): ResultMessage {
  const expired: Failed = {
    ok: false,
    reason: 'expired',
    message: 'The deadline passed before the node began',
  }
  return { type: 'result', batch, ...times, items: Array.from({ length: size }, () => expired) }
}

export const clip = (text: string): string => text.slice(0, MAX_TEXT)

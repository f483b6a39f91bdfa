/**
 * Which memory can move between threads instead of being copied.
 *
 * @module
 */
import type { ItemResult, StageItem, TensorData } from '../../stages/types.ts'

/**
 * Bytes that own their memory: themselves, or a copy where they are a window on something larger.
 *
 * A window would drag its whole buffer along (or be refused, if that is an engine's memory).
 */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes
  const whole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
  return whole ? bytes as Uint8Array<ArrayBuffer> : bytes.slice()
}

/** Makes every child's bytes and every tensor owned, in place, and lists their buffers, each once. */
export function detachChildren(results: readonly ItemResult[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>()
  for (const result of results) {
    if (!result.ok) continue
    for (const tensor of Object.values(result.tensors ?? {})) {
      const { data } = tensor
      const whole = data.buffer instanceof ArrayBuffer && data.buffer.byteLength === data.byteLength
      if (!whole) tensor.data = data.slice() as TensorData
      buffers.add(tensor.data.buffer as ArrayBuffer)
    }
    for (const children of Object.values(result.children)) {
      for (const child of children) {
        const bytes = owned(child.bytes)
        child.bytes = bytes
        buffers.add(bytes.buffer)
      }
    }
  }
  return [...buffers]
}

/** The buffers behind the items, each once; several items may be windows on one frame. */
export function buffersOf(items: readonly StageItem[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>()
  for (const { bytes } of items) {
    // A detached or empty buffer cannot be transferred twice; empty ones cost nothing to copy.
    if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength > 0) buffers.add(bytes.buffer)
  }
  return [...buffers]
}

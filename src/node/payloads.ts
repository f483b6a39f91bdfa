/**
 * Crops this node made, kept for a while: a batch for this same node then names them instead of
 * carrying them.
 *
 * @module
 */

/** What is kept at most, in bytes. */
const DEFAULT_PAYLOAD_BYTES = 64 * 1024 * 1024

export interface PayloadStore {
  /**
   * Keeps `bytes`, which must own their memory; the oldest go first when room is short.
   *
   * @returns false where they are larger than the whole store
   */
  put(key: string, bytes: Uint8Array): boolean
  get(key: string): Uint8Array | undefined
  release(keys: readonly string[]): void
  clear(): void
  readonly heldBytes: number
}

export function createPayloadStore(maxBytes = DEFAULT_PAYLOAD_BYTES): PayloadStore {
  // A Map walks in the order of insertion: the first entry is the oldest.
  const kept = new Map<string, Uint8Array>()
  let heldBytes = 0

  function drop(key: string): void {
    const bytes = kept.get(key)
    if (bytes === undefined) return
    kept.delete(key)
    heldBytes -= bytes.byteLength
  }

  return {
    put(key, bytes) {
      drop(key)
      if (bytes.byteLength > maxBytes) return false
      for (const oldest of kept.keys()) {
        if (heldBytes + bytes.byteLength <= maxBytes) break
        drop(oldest)
      }
      kept.set(key, bytes)
      heldBytes += bytes.byteLength
      return true
    },
    get: (key) => kept.get(key),
    release: (keys) => keys.forEach(drop),
    clear() {
      kept.clear()
      heldBytes = 0
    },
    get heldBytes() {
      return heldBytes
    },
  }
}

/** The key of the n-th child of a batch's item. */
export const payloadKey = (batch: number, item: number, task: string, child: number): string =>
  `${batch}/${item}/${task}/${child}`

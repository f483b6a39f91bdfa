/**
 * Memory of results that wait for the rest of their queries, and its bound.
 *
 * @module
 */
import { createTable } from '../../policy/core/table.ts'
import type { QueryId } from '../../policy/core/types.ts'
import type { ResultMessage } from '../../protocol/mod.ts'

/** Results are views of their message: all of it stays in memory until its last query has ended. */
interface Message {
  bytes: number
  users: number
}

export interface Holding {
  readonly bytes: number
  /**
   * Counts a message for these queries; some may have ended, or be named more than once.
   *
   * @throws RangeError where that is too much for all queries together
   */
  hold(queries: readonly QueryId[], bytes: number): void
  release(query: QueryId): void
}

/** For all queries together. */
const MAX_BYTES = 512 * 1024 * 1024
/** Text of JSON takes several times as much once it is read. */
const JSON_FACTOR = 8

/** Memory that a message takes. */
export const sizeOf = (jsonBytes: number, blobBytes: number): number =>
  blobBytes + JSON_FACTOR * Math.max(0, jsonBytes)

const NOTHING = new Uint8Array(0)

/**
 * The blobs that some item names, at their places; copies where there are others, so that these do
 * not stay in memory with them.
 */
export function namedOf(
  { items }: ResultMessage,
  blobs: readonly Uint8Array[],
): readonly Uint8Array[] {
  const isNamed = new Uint8Array(blobs.length)
  for (const item of items) {
    if (!item.ok) continue
    for (const task in item.children) {
      for (const { blob } of item.children[task]!) isNamed[blob] = 1
    }
    for (const name in item.tensors) isNamed[item.tensors[name]!.blob] = 1
  }
  if (!isNamed.includes(0)) return blobs
  return blobs.map((blob, n) => isNamed[n] === 1 ? blob.slice() : NOTHING)
}

export function createHolding(
  isLive: (query: QueryId) => boolean,
  maxBytes = MAX_BYTES,
): Holding {
  const held = createTable<QueryId, Message[]>()
  let all = 0

  return {
    get bytes() {
      return all
    },
    hold(queries, bytes) {
      const live = queries.filter(isLive)
      if (live.length === 0) return
      if (all + bytes > maxBytes) throw new RangeError(`Cannot hold ${bytes} more bytes of results`)
      const message = { bytes, users: 0 }
      all += bytes
      for (const query of live) {
        const messages = held.get(query)
        if (messages?.at(-1) === message) continue
        message.users++
        if (messages === undefined) held.set(query, [message])
        else messages.push(message)
      }
    },
    release(query) {
      for (const message of held.get(query) ?? []) {
        message.users--
        if (message.users === 0) all -= message.bytes
      }
      held.delete(query)
    },
  }
}

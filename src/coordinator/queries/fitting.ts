/**
 * Batches that no message has room for: pictures of 32 MiB are taken, and a batch has as many as the
 * scheduler likes, which knows nothing of bytes.
 *
 * @module
 */
import type { PolicyCommand } from '../../policy/core/types.ts'
import { MAX_BLOB_BYTES } from '../../protocol/mod.ts'
import type { Payload } from '../nodes/payload.ts'

type Items = Extract<PolicyCommand, { type: 'dispatch' }>['items']

/** The first of them, as many as fit and one at least; the others have to be sent again. */
export function fitting(items: Items, maxBytes = MAX_BLOB_BYTES): Items {
  let bytes = 0
  for (let i = 0; i < items.length; i++) {
    bytes += (items[i]!.payload as Payload).bytes.byteLength
    if (bytes > maxBytes && i > 0) return items.slice(0, i)
  }
  return items
}

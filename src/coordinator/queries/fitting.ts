/**
 * Batches larger than a message: pictures have up to 32 MiB, and the scheduler, which chooses how
 * many are in a batch, does not know their bytes.
 *
 * @module
 */
import type { PolicyCommand } from '../../policy/core/types.ts'
import { MAX_BLOB_BYTES } from '../../protocol/mod.ts'
import type { Payload } from '../nodes/payload.ts'

type Items = Extract<PolicyCommand, { type: 'dispatch' }>['items']

/** The first items, as many as fit and one at least; the others have to be sent again. */
export function fitting(items: Items, maxBytes = MAX_BLOB_BYTES): Items {
  let bytes = 0
  for (let i = 0; i < items.length; i++) {
    bytes += (items[i]!.payload as Payload).bytes.byteLength
    if (bytes > maxBytes && i > 0) return items.slice(0, i)
  }
  return items
}

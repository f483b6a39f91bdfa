/**
 * An item as it goes to a node.
 *
 * @module
 */
import type { DispatchedItem, Handle, QueryId } from '../core/types.ts'

/** From a constructor: see `fresh.ts`. */
export class SentItem implements DispatchedItem {
  constructor(readonly query: QueryId, readonly payload: Handle) {}
}

import type { TensorValue } from '../../pipeline/tensor_item.ts'
import type { BatchMessage, ResultMessage } from '../../protocol/mod.ts'
import type { Link } from './link.ts'

type OkItem = Extract<ResultMessage['items'][number], { ok: true }>
export type Meta = OkItem['children'][string][number]['meta']
export type Fields = OkItem['fields']

/** An item's input, which the scheduler knows as an opaque handle. */
export interface Payload {
  meta: Meta
  bytes: Uint8Array
  /** How the crop was to be encoded by the node that made it; absent for a query's own input. */
  crops?: BatchMessage['crops']
  /** Pixels of a picture file, which is decoded as a whole. */
  pixels?: number
  /** The node that made it keeps a copy under this key: it need not be sent back there. */
  kept?: { link: Link; key: string }
}

/** An item's result, likewise an opaque handle. `null`: it has no fields. */
export type Result = { [field: string]: NonNullable<Fields>[string] | TensorValue } | null

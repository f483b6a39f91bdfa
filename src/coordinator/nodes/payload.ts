import type { TensorValue } from '../../pipeline/tensor_item.ts'
import type { BatchMessage, ResultMessage } from '../../protocol/mod.ts'
import type { Link } from './link.ts'

type OkItem = Extract<ResultMessage['items'][number], { ok: true }>
export type Meta = OkItem['children'][string][number]['meta']
export type Fields = OkItem['fields']

/** An item's input: what the scheduler knows as an opaque handle. */
export interface Payload {
  meta: Meta
  bytes: Uint8Array
  /** How the node that made it was asked to send crops; of a query's own input nothing. */
  asked?: BatchMessage['crops']
  /** Of a file of a picture, which is decoded as a whole. */
  pixels?: number
  /** The node that made it keeps a copy under this key: it need not be sent back there. */
  kept?: { link: Link; key: string }
}

/** An item's result, likewise. `null`: nothing to tell of it. */
export type Result = { [field: string]: NonNullable<Fields>[string] | TensorValue } | null

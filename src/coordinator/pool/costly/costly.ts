/**
 * Documents that take too long to open: their callers have fewer documents in the pool at once, and
 * the same bytes are not tried again.
 *
 * @module
 */
import { isDocumentType } from '../../../documents/document_type.ts'
import { isPictureType } from '../../../pipeline/picture_head.ts'
import type { Answer, QueryId } from '../../../policy/core/types.ts'
import type { Deadlines } from '../../core/deadlines.ts'
import type { PooledNode } from '../../nodes/nodes.ts'
import type { Payload } from '../../nodes/payload.ts'
import type { GaveUp } from '../../queries/batches.ts'
import type { Enter, QueryRequest } from '../../queries/queries.ts'
import { createKnown } from './known.ts'
import { COSTLY } from './params.ts'
import { createTurns } from './turns.ts'

export interface CostlyOptions {
  now(): number
  deadlines: Deadlines
  requestOf(query: QueryId): QueryRequest | undefined
  nodes: ReadonlyMap<string, PooledNode>
}

export interface Costly {
  enter: Enter
  /** Whether the pool would take one more document of a caller now. */
  may(caller: string): boolean
  gaveUp: GaveUp
  refuse(request: QueryRequest): Answer | undefined
}

const tooManyWait: Answer = {
  ...{ ok: false, reason: 'queue_full', retryAfterMs: COSTLY.retryMs },
  message: `Cannot take a document: ${COSTLY.waiting} of yours wait`,
}

/** Pictures are bounded by their pixels. */
function isDrawn({ meta }: Payload): boolean {
  const type = String(meta['type'])
  return isDocumentType(type) && !isPictureType(type)
}

export function createCostly({ now, deadlines, requestOf, nodes }: CostlyOptions): Costly {
  const known = createKnown()
  const turns = createTurns({
    ...{ now, at: deadlines.at },
    slots: () => nodes.values().reduce((sum, { slots }) => sum + slots, 0),
  })
  return {
    enter({ payload, holder = '' }, begin) {
      if (isDrawn(payload)) return turns.enter(holder, begin)
      begin()
      return () => {}
    },
    may: turns.may,
    gaveUp(query, message, tookMs) {
      const request = requestOf(query)
      if (request === undefined) return
      known.add(request.payload.bytes, message)
      turns.gaveUp(request.holder ?? '', tookMs)
    },
    refuse({ payload, holder = '' }) {
      if (!isDrawn(payload)) return undefined
      return turns.isFull(holder) ? tooManyWait : known.refuse(payload.bytes)
    },
  }
}

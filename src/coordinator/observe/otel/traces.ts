/**
 * Queries that are traced: their batches are noted until the query is answered, and then written as
 * spans. The runtime's sampler decides by its HTTP request whether a query is traced.
 *
 * @module
 */
import { createTable } from '../../../policy/core/table.ts'
import type { Handle, QueryId } from '../../../policy/core/types.ts'
import type { Dispatch } from '../../scheduler/driver.ts'
import type { BatchWatch, QueryWatch } from '../watch.ts'
import type { OtelApi } from './api.ts'
import { createSpans } from './spans.ts'
import type { TracedBatch, TracedQuery } from './traced.ts'

export type Traces = QueryWatch & BatchWatch

export interface TraceParts {
  api: OtelApi
  now: () => number
  /** The class of a node, as in `/v1/nodes`. */
  classOf: (node: string) => string
}

const LOST = { computeMs: 0, queueMs: 0, networkMs: 0 }

export function createTraces({ api, now, classOf }: TraceParts): Traces {
  const { context, trace, TraceFlags } = api
  const traced = createTable<QueryId, TracedQuery>()
  const write = createSpans(api, now)

  /** Calls `note` for each item of a batch whose query is traced. */
  function each(
    { batch, items }: Pick<Dispatch, 'batch' | 'items'>,
    note: (query: TracedQuery, noted: TracedBatch, item: Handle, index: number) => void,
  ): void {
    if (traced.size === 0) return
    for (let i = 0; i < items.length; i++) {
      const query = traced.get(items[i]!.query)
      const noted = query?.batches.get(batch)
      if (query !== undefined && noted !== undefined) note(query, noted, items[i]!.payload, i)
    }
  }

  return {
    began(query, request) {
      const span = trace.getActiveSpan()
      if (span === undefined) return
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return
      traced.set(query, {
        ...{ request, parent: context.active(), lastMs: now() },
        ...{ batches: new Map(), waiting: new Map() },
      })
    },

    sent(command, node, backend, sentAtMs) {
      if (traced.size === 0) return
      const { batch, task, variant, items } = command
      for (const { query, payload } of items) {
        const of = traced.get(query)
        if (of === undefined) continue
        const queuedAtMs = of.waiting.get(payload) ?? of.lastMs
        let noted = of.batches.get(batch)
        if (noted === undefined) {
          noted = {
            ...{ task, variant, node: node.name, nodeClass: classOf(node.id) },
            ...{ backend, size: items.length, items: 0 },
            ...{ queuedAtMs, sentAtMs },
          }
          of.batches.set(batch, noted)
        }
        noted.items++
        noted.queuedAtMs = Math.min(noted.queuedAtMs, queuedAtMs)
      }
    },

    finished(command, outcomes, end) {
      const atMs = now()
      each(command, (query, noted, item, i) => {
        noted.ended ??= { ...end, atMs }
        query.lastMs = atMs
        const outcome = outcomes[i]
        if (outcome?.ok) {
          for (const list of Object.values(outcome.children)) {
            for (const child of list) query.waiting.set(child, atMs)
          }
        } else {
          noted.ended.reason = outcome?.reason ?? 'node_failed'
          query.waiting.set(item, atMs)
        }
      })
    },

    failed(command) {
      const atMs = now()
      each(command, (query, noted, item) => {
        noted.ended ??= { ...LOST, atMs, reason: 'node_failed' }
        query.lastMs = atMs
        query.waiting.set(item, atMs)
      })
    },

    ended(query, answer, atMs) {
      const one = traced.get(query)
      if (one === undefined) return
      traced.delete(query)
      write(one, answer, atMs)
    },
  }
}

/**
 * The input of a task that gathers: one entry for each item of the task before it, in reading
 * order, with its fields and metadata; and the query's parameters of generation.
 *
 * @module
 */
import type { Gather } from '../../policy/core/options.ts'
import type { Meta, Payload, Result } from '../nodes/payload.ts'

const NO_BYTES = new Uint8Array(0)

export const gathered: Gather = (items, query): Payload => {
  const entries = items.map(({ payload, result }) => {
    const { ask: _, ...meta } = (payload as Payload).meta
    return { ...meta, ...(result as Result) } as Meta
  })
  const { ask } = (query as Payload).meta
  return {
    meta: { gathered: entries, ...ask === undefined ? {} : { ask } },
    bytes: NO_BYTES,
  }
}

/**
 * The input of a task that gathers: one entry for each item of the task before it, in reading order, with
 * its fields and what was said of it.
 *
 * @module
 */
import type { Gather } from '../policy/core/options.ts'
import type { Meta, Payload, Result } from './payload.ts'

const NO_BYTES = new Uint8Array(0)

export const gathered: Gather = (items): Payload => {
  const entries = items.map(({ payload, result }) =>
    ({ ...(payload as Payload).meta, ...(result as Result) }) as Meta
  )
  return { meta: { gathered: entries }, bytes: NO_BYTES }
}

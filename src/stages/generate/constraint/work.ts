/**
 * The limit on reading a schema, counted over the whole of it: any schema costs at most this many
 * steps.
 *
 * @module
 */
import { MOST_WORK } from './limits.ts'
import { SchemaError } from './schema_error.ts'

/** Counts steps, about as long each. @throws SchemaError `too_large` where they are too many in all */
export type Spend = (steps: number) => void

/** Of one schema. */
export function createSpend(): Spend {
  let left = MOST_WORK
  return (steps) => {
    left -= steps
    if (left >= 0) return
    throw new SchemaError(
      '',
      `takes over ${MOST_WORK} steps to read: have fewer and simpler patterns, smaller repeats and ` +
        'shorter lists',
      'too_large',
    )
  }
}

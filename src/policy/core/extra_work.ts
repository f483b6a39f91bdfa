/**
 * Work besides that of queries.
 *
 * @module
 */

/**
 * Items run for queries, and items run in addition: replicas to compare, canaries with known answers,
 * hedges of late batches, and audits, by the auditor outside the pool.
 */
export interface ExtraWork {
  items: number
  replicas: number
  canaries: number
  hedges: number
  audits: number
}

/**
 * What is run besides the queries' own work.
 *
 * @module
 */

/**
 * Items run for queries, and run besides: to compare, with known answers, in place of late ones; and
 * by the auditor, which is no part of the pool.
 */
export interface ExtraWork {
  items: number
  replicas: number
  canaries: number
  hedges: number
  audits: number
}

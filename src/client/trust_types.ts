/**
 * What the coordinator tells of trust, and of work that it has done twice.
 *
 * @module
 */

/** What a node's word is worth. */
export interface NodeTrustInfo {
  standing: 'own' | 'trusted' | 'proving' | 'quarantined'
  /** Share of its results that are taken unchecked, 0..1, and why. */
  trust: number
  reason: string
  /** Checks. */
  passed: number
  failed: number
  /** So many times slower than it says; 1 where it is not. */
  slowerThanSaid: number
}

/** Items of queries, and items run besides, by what for; `audits` by the auditor, beside the pool. */
export interface ExtraWorkInfo {
  items: number
  replicas: number
  canaries: number
  hedges: number
  audits: number
}

/**
 * What the pool takes. Seconds are counted; joules and watts are modelled from them and from what
 * devices are taken to need, and measured nowhere.
 *
 * @module
 */

/** Since the start, in all; `modelledW` is of now. */
export interface EnergyInfo {
  /** Seconds that nodes had work or could be given some, summed over nodes. */
  awakeNodeS: number
  /** Seconds that slots ran batches, summed over slots. */
  busySlotS: number
  modelledJ: number
  modelledW: number
}

/** Of one pipeline, all work for it included: checks and what was begun twice. */
export interface PipelineEnergy {
  busySlotS: number
  modelledJ: number
  /** Mean over the queries that got a result; null before the first. */
  modelledJPerQuery: number | null
}

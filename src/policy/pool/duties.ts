/**
 * What a mix has one group do, as far as anybody asked; kept with the group, so that a decision finds
 * it there.
 *
 * @module
 */

export interface Duties {
  /** Of the mix that this is of. */
  mixNumber: number
  /** By index of the task. */
  byTask: (Share | undefined)[]
  /** Likewise for items of one way, by its index: only where its flow goes. */
  byWay: (Share | undefined)[]
  /** By index of the task, by position of the variant: items that it is behind its share. */
  credits: (Float64Array | undefined)[]
}

export interface Share {
  /** By position of the variant in its task: share of the items; sums to 1, or all 0. */
  weights: number[]
  /** Likewise: share of the group's time for the task. */
  times: number[]
  planned: boolean
}

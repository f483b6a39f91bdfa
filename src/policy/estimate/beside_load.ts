/**
 * How long a batch takes beside a load on its slot.
 *
 * @module
 */
import type { NodeProfile } from './node_profile.ts'

export interface BesideLoad {
  /** A batch took so many times what it takes alone. @param ofOthers it says something of them */
  saw(node: NodeProfile, times: number, ofOthers: boolean): void
  /** Of a node, or of any of the pool; at least 1. */
  of(node: NodeProfile | undefined): number
}

/** Each has half of the device until it was seen, and no more than this is believed. */
const TIMES = 2
const MOST_TIMES = 8
const WEIGHT = 0.2

export function createBesideLoad(): BesideLoad {
  let all = TIMES
  return {
    saw(node, times, ofOthers) {
      const seen = Math.min(Math.max(times, 1), MOST_TIMES)
      const before = node.loadFactor ?? all
      node.loadFactor = before + WEIGHT * (seen - before)
      if (ofOthers) all += WEIGHT * (seen - all)
    },
    of: (node) => node?.loadFactor ?? all,
  }
}

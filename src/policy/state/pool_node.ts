/**
 * A node as it joined, without slots yet.
 *
 * @module
 */
import type { NodeTimes } from '../estimate/node_profile.ts'
import type { VariantShape } from '../core/graph.ts'
import type { PolicyEvent } from '../core/types.ts'
import type { Proof } from './proof.ts'
import type { PoolNode } from './slots.ts'

const LEAST_DUTY = 0.01

export const createPoolNode = (
  { node: id, duty, memoryBytes = Infinity }: Extract<PolicyEvent, { type: 'node_joined' }>,
  able: readonly VariantShape[],
  openCount: number,
  times: NodeTimes,
  proof: Proof,
): PoolNode => ({
  id,
  proof,
  keptFrom: new Set(),
  times,
  slots: [],
  duty: duty > 0 ? Math.min(Math.max(duty, LEAST_DUTY), 1) : 1,
  able,
  openCount,
  memoryBytes,
  class: null,
  paused: false,
  resting: false,
  batches: 0,
  items: 0,
  lastBatchMs: -Infinity,
})

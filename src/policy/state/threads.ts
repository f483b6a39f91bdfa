/**
 * Threads of a node's runs: what more of them are worth.
 *
 * @module
 */
import { pool as P } from './params.ts'
import { type PoolNode, PROOF } from './node.ts'

const NONE: readonly number[] = []

/** Of what a node said: each thread does as much as the first at the most. */
export const soundSpeedups = (said: readonly number[]): readonly number[] =>
  said.every((one) => one > 0 && Number.isFinite(one))
    ? said.slice(0, P.mostThreads).map((one, i) => Math.min(one / said[0]!, i + 1))
    : NONE

/**
 * Times as fast as with one thread with 1, 2, ...; nothing where threads are left as they are. Nodes that
 * have yet to be right for good could promise time that is not there.
 */
export const speedupsOf = ({ proof, speedups }: PoolNode): readonly number[] =>
  proof >= PROOF.right ? speedups : NONE

/** Times as fast as with one thread that runs of the node are with so many. */
export const speedOf = (node: PoolNode, threads: number): number =>
  speedupsOf(node)[threads - 1] ?? 1

/** Slots' worth of time of a slot of the node, within its limits, at the speed that it has now. */
export const mostOf = (node: PoolNode): number =>
  node.duty * speedOf(node, speedupsOf(node).length) / speedOf(node, node.inUse.threads)

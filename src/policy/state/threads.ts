/**
 * Threads of a node's runs: the speed that more threads give.
 *
 * @module
 */
import { pool as P } from './params.ts'
import { type PoolNode, PROOF } from './node.ts'

const NONE: readonly number[] = []

/** Reported speedups, limited: each thread adds at most as much as the first. */
export const soundSpeedups = (reported: readonly number[]): readonly number[] =>
  reported.every((one) => one > 0 && Number.isFinite(one))
    ? reported.slice(0, P.mostThreads).map((one, i) => Math.min(one / reported[0]!, i + 1))
    : NONE

/**
 * Speed with 1, 2, ... threads relative to one thread; empty if threads are left as they are. Nodes without
 * lasting proof could promise speed that they do not have.
 */
export const speedupsOf = ({ proof, speedups }: PoolNode): readonly number[] =>
  proof >= PROOF.right ? speedups : NONE

/** Speed of the node's runs with so many threads, relative to one thread. */
export const speedOf = (node: PoolNode, threads: number): number =>
  speedupsOf(node)[threads - 1] ?? 1

/** Slots' worth of time of one slot of the node, within its limits, in units of its current speed. */
export const mostOf = (node: PoolNode): number =>
  node.duty * speedOf(node, speedupsOf(node).length) / speedOf(node, node.inUse.threads)

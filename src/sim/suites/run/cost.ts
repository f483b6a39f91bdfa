/**
 * About how long a cell takes, for those who wait: measured once on two shared cores, by root query
 * of the paper's scenario. It decides nothing.
 *
 * @module
 */
import type { Cell } from './cells.ts'

/** Milliseconds of one core a root query. */
const MS: { readonly [policy: string]: number } = { shoal: 0.06, loki: 0.03 }
const OTHERS_MS = 0.03
const START_S = 0.2

export const costS = ({ roots, contender: { policy } }: Cell): number =>
  START_S + roots * (MS[policy] ?? OTHERS_MS) / 1000

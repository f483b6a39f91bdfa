/**
 * What a share of the work is worth in accuracy, near the mix that the load asks for.
 *
 * @module
 */
import type { Mix } from './mix.ts'
import type { FrontierProblem } from './problem.ts'

/** So much less work is done. */
const SAVED = 0.2

/**
 * Share of the accuracy that is lost for each share of the work that is saved, by a mix for less of
 * it. Who is not served loses all.
 *
 * @param solve makes a mix of a share of the capacity
 */
export function lossPerShare(
  mix: Mix,
  solve: (aim: number) => Mix | undefined,
  { ratesPerS, aim }: FrontierProblem,
): number {
  const lower = solve(aim * mix.load * (1 - SAVED))
  const best = yieldOf(mix, ratesPerS)
  if (lower === undefined || best <= 0) return 0
  return Math.max(0, 1 - yieldOf(lower, ratesPerS) / best) / SAVED
}

const yieldOf = ({ pipelines }: Mix, ratesPerS: readonly number[]): number =>
  pipelines.reduce((sum, { served, accuracy }, p) => sum + ratesPerS[p]! * served * accuracy, 0)

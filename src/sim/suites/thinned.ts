/**
 * The demand that sweeps are run on: every third second of Figure 5, the same range in 113 s, with
 * slopes three times as steep.
 *
 * @module
 */
import { evalScenario } from '../eval.ts'
import type { EvalData, EvalOptions } from '../eval_data.ts'

export const THINNED = 'Every third second of Figure 5, car branch'

export const thinned = (data: EvalData, options: Omit<EvalOptions, 'name' | 'every'> = {}) =>
  evalScenario(data, { name: 'figure5', every: 3, instancesPerNode: 'all', ...options })

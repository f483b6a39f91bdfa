/** Queries that each have a time of their own, below and beyond what the pool carries. @module */
import { evalScenario } from '../eval.ts'
import type { EvalOptions } from '../eval_data.ts'
import { contenders, type Suite } from './suite.ts'

const ALIKE = '250 ms each'
const TIMES: { [row: string]: Pick<EvalOptions, 'timeoutsMs'> } = {
  [ALIKE]: {},
  '100 to 500 ms': { timeoutsMs: [100, 500] },
  '50 to 2,000 ms': { timeoutsMs: [50, 2000] },
}
/** Queries a second; by the bound 2,100 can be served on 18 nodes, 467 on four. */
const POOLS = [
  { workers: 18, latencyCv: 0.08, rates: [300, 1000, 3000] },
  { workers: 4, latencyCv: 0.15, rates: [60, 240, 600] },
]

export const timeouts: Suite = {
  name: 'timeouts',
  about: 'each query with a time of its own, up to more than a pool carries ("all")',
  notes:
    'Each query brings its own time (`x-request-timeout-ms`), drawn from the range evenly in the ' +
    'logarithm. There is no bound where times differ.',
  cases: (data) =>
    POOLS.flatMap(({ workers, latencyCv, rates }) =>
      rates.flatMap((ratePerS) =>
        Object.entries(TIMES).map(([row, options]) => ({
          table: `${workers} nodes, noise of ${latencyCv}, "all"`,
          row: `${ratePerS}/s, ${row}`,
          scenario: evalScenario(data, {
            ...{ name: 'figure5', instancesPerNode: 'all', ratePerS, seconds: 20 },
            ...{ workers, latencyCv },
            ...options,
          }),
          contenders: contenders('shoal', 'loki'),
        }))
      )
    ),
}

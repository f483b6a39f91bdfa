/** What is not as the scheduler was told, and what is worse than usual. @module */
import type { EvalOptions } from '../eval_data.ts'
import { contenders, type Suite } from './suite.ts'
import { THINNED, thinned } from './thinned.ts'

const CASES: { [row: string]: Omit<EvalOptions, 'name'> } = {
  'as it is (noise 0.08, 2 ms a hop)': {},
  'latency noise, CV 0.2': { latencyCv: 0.2 },
  '20 ms a hop': { roundTripMs: 20 },
  '80 ms a hop': { roundTripMs: 80 },
  'half of the nodes 80 ms away': { farMs: 80 },
  'queries come in eights, in the mean': { together: 8 },
  'fan-out twice as spread': { fanOutSpread: 2 },
  'profiles say 30 % less': { told: { bias: 0.7 } },
  'profiles say 30 % more': { told: { bias: 1.3 } },
  'profiles off by 30 %, by lot': { told: { spread: 0.3 } },
  'profiles of one item alone': { told: { largest: 1 } },
}

export const robustness: Suite = {
  name: 'robustness',
  about: 'noise, network, spread of fan-out, wrong profiles ("all")',
  cases: (data) =>
    Object.entries(CASES).map(([row, options]) => ({
      table: `${THINNED}, "all"`,
      row,
      scenario: thinned(data, options),
      contenders: contenders('shoal', 'loki'),
    })),
}

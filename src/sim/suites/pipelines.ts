/**
 * Two pipelines on one pool, of which one has six times as much time and batches that take longer
 * than the queries of the other have: both from the start, and with the first on a demand that swings.
 *
 * @module
 */
import { sharedScenario } from '../eval_shared.ts'
import { contenders, held, INSTANCES, type Suite } from './suite.ts'

const SECONDS = 60
/** Queries a second of traffic analysis and of social media. The best of both carry the first three. */
const RATES_PER_S: [traffic: number, social: number][] = [
  [60, 5],
  [120, 5],
  [60, 15],
  [200, 10],
  [300, 30],
]
/** Of the demand of Figure 5, every third second. */
const SWINGING = { scale: 0.5, socialPerS: 15 }

export const pipelines: Suite = {
  name: 'pipelines',
  about: 'two pipelines on one pool, SLO 250 and 1,500 ms',
  notes:
    "Traffic analysis, and the paper's social media pipeline (a detector and a captioner for each " +
    'picture), whose best captioner takes 695 ms for one picture: longer than the SLO of the other ' +
    'pipeline. The bound is that of both together.',
  cases: (data) =>
    INSTANCES.flatMap((instancesPerNode) => {
      const table = `Traffic analysis (250 ms) and social media (1,500 ms), 18 nodes, ${
        held(instancesPerNode)
      }`
      const own = { name: 'figure5', instancesPerNode }
      return [
        ...RATES_PER_S.map(([ratePerS, socialPerS]) => ({
          table,
          row: `${ratePerS}/s and ${socialPerS}/s`,
          scenario: sharedScenario(data, { ...own, ratePerS, seconds: SECONDS, socialPerS }),
          contenders: contenders('shoal', 'loki'),
        })),
        {
          table,
          row: `half of Figure 5 and ${SWINGING.socialPerS}/s`,
          scenario: sharedScenario(data, { ...own, every: 3, ...SWINGING }),
          contenders: contenders('shoal', 'loki'),
        },
      ]
    }),
}

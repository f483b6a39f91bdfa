/** What is not as the scheduler was told, and what is worse than usual. @module */
import type { EvalData, EvalOptions } from '../eval_data.ts'
import { type Case, contenders, held, type Suite } from './suite.ts'
import { THINNED, thinned } from './thinned.ts'

const CASES = {
  'as it is (noise 0.08, 2 ms a hop)': {},
  'latency noise, CV 0.2': { latencyCv: 0.2 },
  'latency noise, CV 1': { latencyCv: 1 },
  '1,600 queries/s': { ratePerS: 1600 },
  '1,600 queries/s, latency noise, CV 1': { ratePerS: 1600, latencyCv: 1 },
  '3,000 queries/s': { ratePerS: 3000 },
  '3,000 queries/s, latency noise, CV 1': { ratePerS: 3000, latencyCv: 1 },
  '20 ms a hop': { roundTripMs: 20 },
  '80 ms a hop': { roundTripMs: 80 },
  '100 queries/s, 80 ms a hop': { ratePerS: 100, roundTripMs: 80 },
  '100 queries/s, SLO 92 ms': { ratePerS: 100, sloMs: 92 },
  'half of the nodes 80 ms away': { farMs: 80 },
  'queries come in eights, in the mean': { together: 8 },
  'nodes that run half of the time, twice as many': { duty: 0.5, workers: 36 },
  'four times the nodes, and the demand': { scale: 4, workers: 72 },
  'all nodes 2.5 times as slow, 0.8 s of each 10': { slow: { everyS: 10, forS: 0.8, times: 2.5 } },
  'the same, with noise of CV 0.3': {
    latencyCv: 0.3,
    slow: { everyS: 10, forS: 0.8, times: 2.5 },
  },
  'nodes stay for a minute, are away for 20 s': {
    churn: { meanUptimeS: 60, meanDowntimeS: 20 },
  },
  'nodes stay for 30 s, are away for 10': { churn: { meanUptimeS: 30, meanDowntimeS: 10 } },
  'fan-out twice as spread': { fanOutSpread: 2 },
  'profiles say 30 % less': { told: { bias: 0.7 } },
  'profiles say 30 % more': { told: { bias: 1.3 } },
  'profiles off by 30 %, at random': { told: { spread: 0.3 } },
  'profiles of one item alone': { told: { largest: 1 } },
} satisfies { [row: string]: Omit<EvalOptions, 'name'> }

type CaseName = keyof typeof CASES

/** With one variant on a node, what nodes are to load is what differs. */
const ONE_HELD: CaseName[] = [
  'as it is (noise 0.08, 2 ms a hop)',
  'nodes that run half of the time, twice as many',
  'four times the nodes, and the demand',
  'all nodes 2.5 times as slow, 0.8 s of each 10',
  'nodes stay for a minute, are away for 20 s',
]

const casesOf = (data: EvalData, rows: readonly CaseName[], instancesPerNode: 'all' | 1): Case[] =>
  rows.map((row) => ({
    table: `${THINNED}, ${held(instancesPerNode)}`,
    row,
    scenario: thinned(data, { ...CASES[row], instancesPerNode }),
    contenders: contenders('shoal', 'loki'),
  }))

export const robustness: Suite = {
  name: 'robustness',
  about:
    'noise, network, little time, duty, many nodes, nodes that go, spread of fan-out, wrong profiles',
  notes:
    'The bound does not reckon with noise, nor with times when nodes are slow or away. In rows that ' +
    'begin with "profiles", nodes report other latencies than they have: all of them 30 % too low ' +
    'or too high, each variant off at random, or those of one item alone. For `loki`, a node that ' +
    'runs half of the time is one that takes twice as long.',
  cases: (data) => [
    ...casesOf(data, Object.keys(CASES) as CaseName[], 'all'),
    ...casesOf(data, ONE_HELD, 1),
  ],
}

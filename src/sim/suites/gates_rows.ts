/**
 * The rows of the gates with their limits: those of published data, and those made of numbers.
 *
 * @module
 */
import { evalScenario } from '../eval.ts'
import type { EvalData, EvalOptions } from '../eval_data.ts'
import { sharedScenario } from '../eval_shared.ts'
import { sizeRows } from './size.ts'
import type { Case } from './suite.ts'
import { thinned } from './thinned.ts'
import { unseen } from './unseen.ts'

/** In percent of the queries, and points of accuracy. */
interface Limits {
  /** Most queries lost; `more`: than the first release lost. */
  lost: number | { more: number }
  /** Least accuracy: so far below the fluid bound, so far below the first release, or as it is. */
  accuracy?: { belowBound: number } | { below: number } | { least: number }
  /** No less accurate than `loki` is where that loses no more. */
  thanLoki?: true
}

export interface Gate extends Limits {
  row: string
  scenario(): Case['scenario']
  /** Its scenario is of published data. */
  published?: true
  /** As of a case. */
  fromS?: number
  limits?: Case['limits']
  /** Where a slot holds one variant chance matters more, and ten seeds are run. */
  ones?: true
}

const TWITTER = 'twitter_medium_normal_load'

function publishedGates(data: EvalData): Gate[] {
  const all = (options: EvalOptions) => evalScenario(data, { instancesPerNode: 'all', ...options })
  const one = (options: EvalOptions) => evalScenario(data, { instancesPerNode: 1, ...options })
  const part = (options: Omit<EvalOptions, 'name'>) => thinned(data, options)
  const at = (ratePerS: number, seconds: number, options: Partial<EvalOptions> = {}) =>
    all({ name: 'figure5', ratePerS, seconds, ...options })
  const both = { branches: 'both' } as const
  const slow = { everyS: 10, forS: 0.8, times: 2.5 }
  const jumps = [
    { row: 'Twitter .3', name: TWITTER, scale: 0.3 },
    { row: 'Twitter .77', name: TWITTER, scale: 0.769 },
    { row: 'steps', name: 'steps', scale: 1 },
    { row: 'spikes', name: 'spikes', scale: 1 },
  ]
  return [
    {
      row: 'Figure 5, car',
      scenario: () => all({ name: 'figure5' }),
      lost: 0.02,
      accuracy: { belowBound: 0.7 },
    },
    {
      row: 'Figure 5, both',
      scenario: () => all({ name: 'figure5', ...both }),
      lost: 0.02,
      accuracy: { belowBound: 0.9 },
    },
    {
      row: 'Figure 5, car, one held',
      scenario: () => one({ name: 'figure5' }),
      ones: true,
      lost: 0.15,
      accuracy: { belowBound: 3 },
    },
    {
      row: 'Figure 5, both, one held',
      scenario: () => one({ name: 'figure5', ...both }),
      ones: true,
      lost: 0.3,
      accuracy: { belowBound: 4.2 },
    },
    ...jumps.map(({ row, ...options }): Gate => ({
      row,
      scenario: () => all(options),
      lost: 0.05,
      accuracy: { below: 0.4 },
    })),
    ...jumps.map(({ row, ...options }): Gate => ({
      row: `${row}, one held`,
      scenario: () => one(options),
      ones: true,
      lost: 1.5,
      accuracy: { below: 1.5 },
    })),
    {
      row: 'noise CV .2',
      scenario: () => part({ latencyCv: 0.2 }),
      lost: 0.1,
      accuracy: { below: 0.5 },
    },
    { row: 'noise CV 1', scenario: () => part({ latencyCv: 1 }), lost: 3, accuracy: { below: 1 } },
    {
      row: 'noise CV 1, 1,600/s',
      scenario: () => at(1600, 30, { latencyCv: 1 }),
      lost: 3,
      accuracy: { below: 1 },
    },
    {
      row: '80 ms a hop',
      scenario: () => part({ roundTripMs: 80 }),
      lost: 0.1,
      accuracy: { below: 0.5 },
    },
    {
      row: 'half 80 ms away',
      scenario: () => part({ farMs: 80 }),
      lost: 0.15,
      accuracy: { below: 0.5 },
    },
    {
      row: 'SLO 92 ms, 100/s',
      scenario: () => at(100, 120, { sloMs: 92 }),
      lost: 0.1,
      accuracy: { below: 0.5 },
    },
    { row: 'slow moments', scenario: () => part({ slow }), lost: 2.5, accuracy: { below: 0.6 } },
    {
      row: '50 to 2,000 ms, 300/s',
      scenario: () => at(300, 20, { timeoutsMs: [50, 2000] }),
      lost: 0.25,
      accuracy: { below: 0.6 },
    },
    { row: '3,000/s', scenario: () => at(3000, 20), lost: { more: 1 }, accuracy: { below: 0.6 } },
    ...[20, 50, 100, 170, 190, 250, 350, 490, 600, 800, 1000, 1050].map((perS): Gate => ({
      row: `constant ${perS}/s`,
      scenario: () => at(perS, 30),
      lost: 0.2,
      ...perS === 490 ? { accuracy: { least: 0.88 * 99.64 } } : {},
      ...perS === 1000 ? { accuracy: { least: 0.7 * 99.64 } } : {},
    })),
    ...[20, 40, 60, 80, 120, 160, 240].map((ratePerS): Gate => ({
      row: `unlike devices, ${ratePerS}/s`,
      scenario: () => all({ name: 'proteus', ratePerS, seconds: 40 }),
      lost: 0.1,
      accuracy: { below: 1 },
      thanLoki: true,
    })),
    ...[2, 4, 6].map((instancesPerNode): Gate => ({
      row: `${instancesPerNode} of 12 held`,
      scenario: () => part({ instancesPerNode }),
      ones: true,
      lost: 0.2,
      accuracy: { below: 0.7 },
    })),
    ...[[60, 15], [200, 10]].map(([ratePerS, socialPerS]): Gate => ({
      row: `two pipelines, ${ratePerS}/s and ${socialPerS}/s`,
      scenario: () =>
        sharedScenario(data, {
          name: 'figure5',
          instancesPerNode: 'all',
          ratePerS: ratePerS!,
          seconds: 60,
          socialPerS: socialPerS!,
        }),
      lost: 0.1,
      accuracy: { below: 0.5 },
    })),
    {
      row: 'nodes stay 30 s, away 10 s',
      scenario: () => part({ churn: { meanUptimeS: 30, meanDowntimeS: 10 } }),
      lost: 0.05,
      accuracy: { below: 0.5 },
    },
    {
      row: 'the same with noise CV .2, 120/s',
      scenario: () =>
        at(120, 60, { latencyCv: 0.2, churn: { meanUptimeS: 30, meanDowntimeS: 10 } }),
      lost: 0.6,
      accuracy: { below: 0.5 },
    },
    {
      row: 'active nodes, 50/s',
      scenario: () => at(50, 120),
      lost: 0.05,
      accuracy: { least: 99.4 },
    },
  ]
}

/** With no more queries lost than this, whatever the size: `loki` loses ten times as many there. */
const LOST_AT_ANY_SIZE = 0.3

function madeGates(data: EvalData): Gate[] {
  const [all, one] = unseen.cases(data)
  return [
    {
      row: 'unseen',
      scenario: () => all!.scenario,
      lost: 0.05,
      accuracy: { below: 0.7 },
    },
    {
      row: 'unseen, one held',
      scenario: () => one!.scenario,
      ones: true,
      lost: 2,
      accuracy: { below: 1.5 },
    },
    ...sizeRows(data).map((row): Gate => ({ ...row, lost: LOST_AT_ANY_SIZE })),
  ]
}

/** All of them; scenarios of published data can be made only where that is there. */
export const gatesOf = (data: EvalData): Gate[] => [
  ...publishedGates(data).map((gate) => ({ ...gate, published: true as const })),
  ...madeGates(data),
]

/**
 * What the scheduler has to hold on to: for each row the queries that it may lose and the accuracy that
 * it has to reach. Where a limit is relative it is relative to the first release, see `gates_before.ts`.
 *
 * @module
 */
import { evalScenario } from '../eval.ts'
import { type EvalData, type EvalOptions, NO_DATA } from '../eval_data.ts'
import { sharedScenario } from '../eval_shared.ts'
import { BEFORE } from './gates_before.ts'
import { type Row, rowAt } from './rows.ts'
import { type Case, contenders, type Suite } from './suite.ts'
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

interface Gate extends Limits {
  row: string
  scenario(): Case['scenario']
  /** Where a slot holds one variant chance matters more, and ten seeds are run. */
  ones?: true
}

const TABLE = 'Gates'
const TWITTER = 'twitter_medium_normal_load'

function gatesOf(data: EvalData): Gate[] {
  const all = (options: EvalOptions) => evalScenario(data, { instancesPerNode: 'all', ...options })
  const one = (options: EvalOptions) => evalScenario(data, { instancesPerNode: 1, ...options })
  const part = (options: Omit<EvalOptions, 'name'>) => thinned(data, options)
  const at = (ratePerS: number, seconds: number, options: Partial<EvalOptions> = {}) =>
    all({ name: 'figure5', ratePerS, seconds, ...options })
  const [unseenAll, unseenOne] = unseen.cases(data)
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
    {
      row: 'unseen',
      scenario: () => unseenAll!.scenario,
      lost: 0.05,
      accuracy: { below: 0.7 },
    },
    {
      row: 'unseen, one held',
      scenario: () => unseenOne!.scenario,
      ones: true,
      lost: 2,
      accuracy: { below: 1.5 },
    },
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

/** Of all nodes, which `proteus` has at work at any demand. */
const TIMES_FEWER_ACTIVE = 2.9
const ACTIVE = 'active nodes, 50/s'
const ALL_NODES = 18

interface Verdict {
  cells: string[]
  isKept: boolean
}

function verdictOf(gate: Gate, row: Row, rival: Row | undefined): Verdict {
  const before = BEFORE[gate.row] ?? { lost: NaN, accuracy: NaN }
  const most = typeof gate.lost === 'number' ? gate.lost : before.lost + gate.lost.more
  const lost = 100 * row.violationRatio.mean
  const accuracy = 100 * row.effectiveAccuracy.mean
  const leasts = [leastOf(gate, row, before.accuracy)]
  if (
    gate.thanLoki && rival !== undefined && rival.violationRatio.mean <= row.violationRatio.mean
  ) {
    leasts.push(100 * rival.effectiveAccuracy.mean)
  }
  const least = Math.max(...leasts)
  const active = row.meanActiveNodes.mean
  const isKept = lost <= most + 5e-4 && accuracy >= least - 5e-3 &&
    (gate.row !== ACTIVE || active * TIMES_FEWER_ACTIVE <= ALL_NODES)
  return {
    isKept,
    cells: [
      gate.row,
      row.policy,
      `${lost.toFixed(3)} of ${most.toFixed(3)}`,
      `${accuracy.toFixed(2)} of ${least > 0 ? least.toFixed(2) : '-'}`,
      `${before.lost}, ${before.accuracy}`,
      isKept ? 'yes' : '**no**',
    ],
  }
}

function leastOf({ accuracy }: Gate, { bound }: Row, before: number): number {
  if (accuracy === undefined) return 0
  if ('least' in accuracy) return accuracy.least
  if ('below' in accuracy) return before - accuracy.below
  return 100 * (bound?.accuracy ?? 1) - accuracy.belowBound
}

const HEAD = [
  'row',
  'policy',
  'lost % of at most',
  'accuracy % of at least',
  'first release',
  'kept',
]

function verdicts(rows: readonly Row[]): Verdict[] {
  // Limits are the same whatever scenarios would be made of.
  const gates = gatesOf(NO_DATA)
  const policies = [...new Set(rows.map(({ policy }) => policy))]
    .filter((policy) => policy !== RIVAL)
  return policies.flatMap((policy) =>
    gates.flatMap((gate) => {
      const row = rowAt(rows, gate.row, policy)
      return row === undefined ? [] : [verdictOf(gate, row, rowAt(rows, gate.row, RIVAL))]
    })
  )
}

const RIVAL = 'loki'

export const gates: Suite = {
  name: 'gates',
  about: 'what the scheduler has to hold on to; exits with 1 where it does not',
  brief: true,
  apart: true,
  cases: (data) =>
    gatesOf(data).map(({ row, scenario, thanLoki, ones }): Case => ({
      table: TABLE,
      row,
      scenario: scenario(),
      contenders: contenders('shoal', ...thanLoki ? [RIVAL] : []),
      ...ones ? { seedTimes: 2 } : {},
    })),
  findings: (rows) => [
    `| ${HEAD.join(' | ')} |`,
    `| ${HEAD.map(() => '---').join(' | ')} |`,
    ...verdicts(rows).map(({ cells }) => `| ${cells.join(' | ')} |`),
  ],
  holds: (rows) => verdicts(rows).every(({ isKept }) => isKept),
}

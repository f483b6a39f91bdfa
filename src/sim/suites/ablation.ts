/**
 * What each rule of the scheduler is worth: the same rows with one rule off at a time.
 *
 * @module
 */
import type { ParamValues } from '../../policy/params.ts'
import { evalScenario } from '../eval.ts'
import type { EvalData, EvalOptions } from '../eval_data.ts'
import { percent, type Row } from './rows.ts'
import type { Case, Contender, Suite } from './suite.ts'
import { thinned } from './thinned.ts'
import { unseen } from './unseen.ts'

/** What takes a rule out of the value. */
const RULES: { readonly [rule: string]: ParamValues } = {
  'price follows the backlog': { 'backlog.longer': 0, 'backlog.shorter': 0 },
  'backlog counts what is handed on': { 'backlog.handedOnMs': 1e-3 },
  'deficit counters': { 'dispatch.deficit': 0 },
  'items are left to better slots': { 'dispatch.leave': 100 },
  'idle slots forgive their price': { 'dispatch.idle': 0 },
  'waiting costs': { 'price.wait': 0 },
  'a wait is uncertain': { 'dispatch.spread': 0 },
  'small batches wait for more': { 'dispatch.delay': 0 },
  'admission at the price': { 'admit.least': 0.5, 'admit.most': 0.5 },
  'far groups cost': { 'price.away': 0 },
  'long batches leave room': { 'dispatch.long': 1e9 },
  'resting slots cost a call': { 'dispatch.call': 0 },
}

const ALL_ON: Contender = { policy: 'shoal', label: 'all on' }
const OFF: Contender[] = Object.entries(RULES).map(([rule, set]) => (
  { policy: 'shoal', set, label: `without: ${rule}` }
))

function scenariosOf(data: EvalData): { [row: string]: Case['scenario'] } {
  const at = (ratePerS: number, options: Partial<EvalOptions> = {}) =>
    evalScenario(data, {
      name: 'figure5',
      instancesPerNode: 'all',
      ratePerS,
      seconds: 20,
      ...options,
    })
  const unlike = (ratePerS: number) => at(ratePerS, { name: 'proteus', seconds: 40 })
  return {
    'Figure 5, every third second': thinned(data),
    'the same, one held': thinned(data, { instancesPerNode: 1 }),
    '80 ms a hop': thinned(data, { roundTripMs: 80 }),
    'half 80 ms away': thinned(data, { farMs: 80 }),
    'unlike devices, 60/s': unlike(60),
    'unlike devices, 240/s': unlike(240),
    '50 to 2,000 ms, 300/s': at(300, { timeoutsMs: [50, 2000] }),
    '3,000/s': at(3000, { seconds: 10 }),
    'unseen, one held': unseen.cases(data)[1]!.scenario,
  }
}

const TABLE = 'Lost %, accuracy %'

export const ablation: Suite = {
  name: 'ablation',
  about: 'what each rule is worth: one off at a time',
  brief: true,
  apart: true,
  cases: (data) =>
    Object.entries(scenariosOf(data)).map(([row, scenario]) => ({
      table: TABLE,
      row,
      scenario,
      contenders: [ALL_ON, ...OFF],
    })),
  findings(rows) {
    const names = [...new Set(rows.map(({ row }) => row))]
    const cell = (found: Row | undefined) =>
      found === undefined
        ? ''
        : `${percent(found.violationRatio.mean, 3)}, ${percent(found.effectiveAccuracy.mean)}`
    return [
      `| ${['rule', ...names].join(' | ')} |`,
      `| ${['rule', ...names].map(() => '---').join(' | ')} |`,
      ...[ALL_ON, ...OFF].map(({ label }) =>
        `| ${
          [
            label,
            ...names.map((name) =>
              cell(rows.find((one) => one.row === name && one.policy === label))
            ),
          ].join(' | ')
        } |`
      ),
    ]
  },
}

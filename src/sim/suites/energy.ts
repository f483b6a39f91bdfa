/**
 * What it takes: all nodes at full speed, fewer of them, slower ones, or both; where a device takes as
 * much more for each share of its time, and where the last share costs the most.
 *
 * @module
 */
import type { Power } from '../../policy/core/elastic.ts'
import { windowPerS } from '../elastic/themis_scenes.ts'
import { evalScenario } from '../eval.ts'
import type { EvalData } from '../eval_data.ts'
import { percent, type Row } from './rows.ts'
import type { Case, Contender, Suite } from './suite.ts'

/** Of a tab on a laptop; see `src/coordinator/observe/energy/params.ts`. */
const TAB = { idleW: 8, busyW: 25 }
const CURVES: { [curve: string]: Power } = {
  'a straight line': { ...TAB, exponent: 1 },
  'a curve (exponent 2.5)': { ...TAB, exponent: 2.5 },
}
const FIGURE5 = "Figure 5's demand"
const WINDOW = "Themis's window"

const FULL: Contender = { policy: 'shoal', prefer: 'sooner', label: 'full speed' }
const WAYS: Contender[] = [
  FULL,
  { policy: 'shoal', set: { 'use.scale': 0 }, label: 'pacing' },
  { policy: 'shoal', set: { 'use.pace': 0 }, label: 'scaling' },
  { policy: 'shoal', label: 'both' },
]

function demandsOf(data: EvalData): { [demand: string]: ReturnType<typeof evalScenario> } {
  const all = { instancesPerNode: 'all' } as const
  const { themis } = data
  const figure5 = evalScenario(data, { ...all, name: 'figure5' })
  if (themis === undefined) return { [FIGURE5]: figure5 }
  const counts = windowPerS(themis, 'themis', 'head', 'video')
  const traces = { traces: { [WINDOW]: { counts } } }
  return {
    [FIGURE5]: figure5,
    [WINDOW]: evalScenario({ ...data, traces }, { ...all, name: WINDOW, scale: 1 }),
  }
}

function casesOf(data: EvalData): Case[] {
  return Object.entries(demandsOf(data)).flatMap(([demand, scenario]) =>
    Object.entries(CURVES).map(([curve, power]) => ({
      ...{ table: demand, row: curve, contenders: WAYS },
      scenario: {
        ...scenario,
        classes: Object.fromEntries(
          Object.entries(scenario.classes).map(([name, given]) => [name, { ...given, power }]),
        ),
      },
    }))
  )
}

const HEAD = [
  ...['power', 'way', 'joules a query', 'of full speed', 'violations %', 'accuracy %'],
  ...['p95 ms', 'awake nodes', 'busy slots'],
]

function tableOf(rows: readonly Row[]): string[] {
  const full = (row: string) =>
    rows.find((one) => one.row === row && one.policy === FULL.label)?.inUse?.joulesPerAnswer
  return [
    `| ${HEAD.join(' | ')} |`,
    `| ${HEAD.map(() => '---').join(' | ')} |`,
    ...rows.flatMap(({ row, policy, inUse, violationRatio, effectiveAccuracy }) => {
      if (inUse === undefined) return []
      const { joulesPerAnswer, p95LatencyMs, awakeNodes, busySlots } = inUse
      const most = full(row)
      const cells = [
        ...[row, policy, joulesPerAnswer.toFixed(2)],
        most === undefined ? '' : `${percent(joulesPerAnswer / most, 0)} %`,
        ...[percent(violationRatio.mean, 3), percent(effectiveAccuracy.mean)],
        ...[p95LatencyMs.toFixed(0), awakeNodes.toFixed(1), busySlots.toFixed(1)],
      ]
      return [`| ${cells.join(' | ')} |`]
    }),
  ]
}

export const energy: Suite = {
  name: 'energy',
  about: 'joules a query (modelled): full speed, pacing, scaling, both',
  notes:
    'Traffic analysis, car branch, 18 nodes that hold all variants, SLO 250 ms. The energy is ' +
    'modelled, not measured: an awake node takes 8 W, and 25 W while it works all the time, as a ' +
    'tab on a laptop may; between them on a straight line, or on a curve on which a node that ' +
    'works for half of the time takes 18 % of what full work adds. A node that rests is taken to ' +
    'need nothing, and one that works for a share of the time to have that share all along.\n\n' +
    'Full speed: the pool prefers `sooner`. The others prefer `frugal`: pacing has all nodes ' +
    'awake and gives each less of the time (`use.scale=0`), scaling has fewer of them awake at ' +
    "full speed (`use.pace=0`). Themis's window is divided as for its video pipeline. A query is " +
    'one that was answered in time.',
  seeds: 3,
  brief: true,
  whole: true,
  cases: casesOf,
  findings: (rows) =>
    [FIGURE5, WINDOW].flatMap((demand) => {
      const own = rows.filter(({ table }) => table === demand)
      return own.length === 0 ? [] : [`${demand}:`, '', ...tableOf(own), '']
    }),
}

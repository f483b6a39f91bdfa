/**
 * What the scheduler has to hold on to: for each row the queries that it may lose and the accuracy that
 * it has to reach. Where a limit is relative it is relative to the first release, see `gates_before.ts`.
 *
 * @module
 */
import { type EvalData, NO_DATA } from '../eval_data.ts'
import { BEFORE } from './gates_before.ts'
import { type Gate, gatesOf } from './gates_rows.ts'
import { type Row, rowAt } from './rows.ts'
import { type Case, contenders, type Suite } from './suite.ts'

const TABLE = 'Gates'
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
      Number.isNaN(before.lost) ? '-' : `${before.lost}, ${before.accuracy}`,
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

/** Whether the scenario of a gate can be made of this data. */
const isMade = (data: EvalData) => ({ published }: Gate) => !published || data !== NO_DATA

/** What a table without the published data says of the rows that it lacks. */
function leftOut(rows: readonly Row[]): string[] {
  const missing = gatesOf(NO_DATA).filter(({ row }) => !rows.some((one) => one.row === row))
  if (missing.length === 0) return []
  return [`${missing.length} rows are left out, as they are of data that is not there.`, '']
}

export const gates: Suite = {
  name: 'gates',
  about: 'what the scheduler has to hold on to; exits with 1 where it does not',
  brief: true,
  apart: true,
  alone: true,
  cases: (data) =>
    gatesOf(data).filter(isMade(data)).map(({ row, scenario, thanLoki, ones, ...gate }): Case => ({
      ...{ table: TABLE, row, scenario: scenario() },
      ...gate.fromS === undefined ? {} : { fromS: gate.fromS },
      ...gate.limits === undefined ? {} : { limits: gate.limits },
      contenders: contenders('shoal', ...thanLoki ? [RIVAL] : []),
      ...ones ? { seedTimes: 2 } : {},
    })),
  findings: (rows) => [
    ...leftOut(rows),
    `| ${HEAD.join(' | ')} |`,
    `| ${HEAD.map(() => '---').join(' | ')} |`,
    ...verdicts(rows).map(({ cells }) => `| ${cells.join(' | ')} |`),
  ],
  holds: (rows) => verdicts(rows).every(({ isKept }) => isKept),
}

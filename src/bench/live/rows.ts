/**
 * From what became of each query to the rows of `deno task bench live`, and effective capacity.
 * @module
 */
import { isOnTime } from '../../../demo/load/tally.ts'
import type { Asked } from '../../../demo/load/types.ts'
import { quantile, wilson } from '../../cli/statistics.ts'
import { count, round, rounded, sumOf } from '../tools.ts'
import type { Step } from './steps.ts'

export interface Row {
  demandPerS: number
  /** Of the capacity of the most accurate path under `static`. */
  multiple: number
  queries: number
  onTimePerS: number
  accuracy: number
  violationRatio: number
  /** 95 % interval of the ratio after Wilson. */
  atLeast: number
  atMost: number
  late: number
  refused: number
  errors: number
  /** Of all that were asked; null where more than a twentieth never got a result. */
  p95Ms: number | null
  /** Mean over samples of the step: nodes that ran a batch in the last second. */
  activeNodes: number
  /** Violations by the second of the step in which they were due, where there were any. */
  violationsAtS: { [second: number]: number }
}

export function rowOf(
  asked: readonly Asked[],
  { ratePerS, multiple, seconds, fromS }: Step,
  sloMs: number,
  activeNodes: number,
): Row {
  const good = asked.filter((one) => isOnTime(one, sloMs))
  const bad = asked.filter((one) => !isOnTime(one, sloMs))
  const [atLeast, atMost] = wilson(bad.length, asked.length)
  const waitedMs = asked.map(({ status, latencyMs }) => status === 200 ? latencyMs : Infinity)
  const p95Ms = quantile(waitedMs, 0.95)
  const violationsAtS: Row['violationsAtS'] = {}
  for (const { dueMs } of bad) count(violationsAtS, Math.floor(dueMs / 1000) - fromS)
  return {
    demandPerS: ratePerS,
    multiple,
    queries: asked.length,
    onTimePerS: good.length / seconds,
    accuracy: sumOf(good.map(({ accuracy = 0 }) => accuracy)) / Math.max(good.length, 1),
    violationRatio: bad.length / Math.max(asked.length, 1),
    atLeast,
    atMost,
    late: bad.filter(({ status }) => status === 200).length,
    refused: bad.filter(({ status }) => status >= 500).length,
    errors: bad.filter(({ status }) => status !== 200 && status < 500).length,
    p95Ms: Number.isFinite(p95Ms) ? p95Ms : null,
    activeNodes,
    violationsAtS,
  }
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/** As people read it. */
export const shown = (row: Row) => ({
  'of static': `${row.multiple.toFixed(2)}x`,
  ...{ 'demand/s': round(row.demandPerS, 2), queries: row.queries },
  ...{ 'on time/s': round(row.onTimePerS, 2), accuracy: round(row.accuracy, 4) },
  violations: percent(row.violationRatio),
  '95 %': `${percent(row.atLeast)} .. ${percent(row.atMost)}`,
  'late/refused/error': `${row.late}/${row.refused}/${row.errors}`,
  'p95 ms': rounded(row.p95Ms ?? NaN),
  'active nodes': round(row.activeNodes, 2),
  'violations at s': Object.entries(row.violationsAtS).map(([s, n]) => `${s}:${n}`).join(' '),
})

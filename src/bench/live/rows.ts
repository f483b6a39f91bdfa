/**
 * From what became of each query to the rows of `deno task bench live`, and effective capacity.
 * @module
 */
import { isOnTime } from '../../../demo/load/tally.ts'
import type { Asked } from '../../../demo/load/types.ts'
import { quantile, wilson } from '../../cli/statistics.ts'
import { meanOf, round, rounded } from '../tools.ts'
import type { Step } from './steps.ts'

export interface Row {
  demandPerS: number
  /** Of the capacity of the most accurate path under `static`. */
  multiple: number
  queries: number
  /** Null where none was answered in time. */
  accuracy: number | null
  violationRatio: number
  /** 95 % interval of the ratio after Wilson. */
  atLeast: number
  atMost: number
  /** Of all that were asked; null where more than a twentieth never got a result. */
  p95Ms: number | null
  /** Mean over samples of the step: nodes that ran a batch in the last second. */
  activeNodes: number
}

export function rowOf(
  asked: readonly Asked[],
  { ratePerS, multiple }: Step,
  sloMs: number,
  activeNodes: number,
): Row {
  const good = asked.filter((one) => isOnTime(one, sloMs))
  const bad = asked.length - good.length
  const [atLeast, atMost] = wilson(bad, asked.length)
  const waitedMs = asked.map(({ status, latencyMs }) => status === 200 ? latencyMs : Infinity)
  const p95Ms = quantile(waitedMs, 0.95)
  return {
    ...{ demandPerS: ratePerS, multiple, queries: asked.length },
    accuracy: good.length > 0 ? meanOf(good.map(({ accuracy = 0 }) => accuracy)) : null,
    ...{ violationRatio: bad / Math.max(asked.length, 1), atLeast, atMost },
    p95Ms: Number.isFinite(p95Ms) ? p95Ms : null,
    activeNodes,
  }
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`

/** As people read it. */
export const shown = (row: Row) => ({
  'of static': `${row.multiple.toFixed(2)}x`,
  ...{ 'demand/s': round(row.demandPerS, 2), queries: row.queries },
  accuracy: round(row.accuracy ?? NaN, 4),
  violations: percent(row.violationRatio),
  '95 %': `${percent(row.atLeast)} .. ${percent(row.atMost)}`,
  ...{ 'p95 ms': rounded(row.p95Ms ?? NaN), 'active nodes': round(row.activeNodes, 2) },
})

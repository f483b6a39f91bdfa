/**
 * Rows of the history, each the counts of a stretch of time, and their columns.
 *
 * @module
 */
import type { LatencyPercentiles, MetricsSeries } from '../../client/types.ts'
import type { SchedulerStats } from '../../policy/core/types.ts'

export type Counts = SchedulerStats['pipelines'][string]

export interface Row {
  passedMs: number
  arrived: number
  onTime: number
  violations: number
  accuracySum: number
  latency: LatencyPercentiles | null
}

export const emptyRow = (): Row => ({
  ...{ passedMs: 0, arrived: 0, onTime: 0, violations: 0, accuracySum: 0, latency: null },
})

const sum = (counts: { [reason: string]: number }) =>
  Object.values(counts).reduce((total, count) => total + count, 0)

/** The counts since `before`. */
export function rowOf(
  now: Counts,
  before: Counts,
  passedMs: number,
  latency: LatencyPercentiles | null,
): Row {
  return {
    passedMs,
    arrived: now.arrived - before.arrived,
    onTime: now.onTime - before.onTime,
    violations: sum(now.failed) - sum(before.failed),
    accuracySum: now.accuracySum - before.accuracySum,
    latency,
  }
}

/** Rows as columns, which take half the bytes. */
export function seriesOf(rows: readonly Row[]): MetricsSeries {
  const round = (value: number, digits: number) => Number(value.toFixed(digits))
  const ended = ({ onTime, violations }: Row) => onTime + violations
  return {
    demandPerS: rows.map(({ arrived, passedMs }) => round(arrived * 1000 / passedMs, 2)),
    servedPerS: rows.map(({ onTime, passedMs }) => round(onTime * 1000 / passedMs, 2)),
    accuracy: rows.map(({ accuracySum, onTime }) =>
      onTime === 0 ? null : round(accuracySum / onTime, 4)
    ),
    violationRatio: rows.map((row) =>
      ended(row) === 0 ? null : round(row.violations / ended(row), 4)
    ),
    p50Ms: rows.map(({ latency }) => latency?.p50Ms ?? null),
    p95Ms: rows.map(({ latency }) => latency?.p95Ms ?? null),
    p99Ms: rows.map(({ latency }) => latency?.p99Ms ?? null),
  }
}

/**
 * What the figures are drawn from: columns of numbers, the newest last.
 *
 * @module
 */
import type { MetricsSeries, PipelineMetrics } from '../../client/types.ts'

export const LIVE_SECONDS = 300

export const COLUMNS = [
  'demandPerS',
  'servedPerS',
  'accuracy',
  'violationRatio',
  'p50Ms',
  'p95Ms',
  'p99Ms',
] as const
export type Column = typeof COLUMNS[number]

export const emptySeries = (): MetricsSeries => ({
  demandPerS: [],
  servedPerS: [],
  accuracy: [],
  violationRatio: [],
  p50Ms: [],
  p95Ms: [],
  p99Ms: [],
})

export function append(
  series: MetricsSeries,
  metrics: Omit<PipelineMetrics, 'modelledJPerQuery'>,
): void {
  const { demandPerS, servedPerS, accuracy, violationRatio, latency } = metrics
  series.demandPerS.push(demandPerS)
  series.servedPerS.push(servedPerS)
  series.accuracy.push(accuracy)
  series.violationRatio.push(violationRatio)
  series.p50Ms.push(latency?.p50Ms ?? null)
  series.p95Ms.push(latency?.p95Ms ?? null)
  series.p99Ms.push(latency?.p99Ms ?? null)
  for (const column of COLUMNS) {
    series[column].splice(0, series[column].length - LIVE_SECONDS)
  }
}

/** Rows of a second over which the coordinator takes its percentiles: the last tells of all. */
const SHORT = 10

/** Of the last `count` rows as one: rates as their mean, ratios weighed by what they are of. */
export interface Summary {
  demandPerS: number
  servedPerS: number
  accuracy: number | null
  violationRatio: number | null
  p50Ms: number | null
  p95Ms: number | null
  p99Ms: number | null
}

export function summarise(series: MetricsSeries, count: number, end?: number): Summary {
  const until = end ?? series.demandPerS.length
  const tail = (column: Column): (number | null)[] =>
    series[column].slice(Math.max(0, until - count), until)
  const served = tail('servedPerS')
  // Served over what ended is one less the ratio; that gives back what ended.
  const ratios = tail('violationRatio')
  const ended = ratios.map((ratio, i) =>
    ratio === null ? 0 : ratio < 1 ? (served[i] ?? 0) / (1 - ratio) : tail('demandPerS')[i] ?? 1
  )
  return {
    demandPerS: mean(tail('demandPerS')),
    servedPerS: mean(served),
    accuracy: weighed(tail('accuracy'), served),
    violationRatio: weighed(ratios, ended),
    p50Ms: most(tail('p50Ms'), count),
    p95Ms: most(tail('p95Ms'), count),
    p99Ms: most(tail('p99Ms'), count),
  }
}

/** Each row as the summary of itself and those before it, `count` in all. */
export function smooth(series: MetricsSeries, count: number): MetricsSeries {
  const smoothed = emptySeries()
  for (let end = 1; end <= series.demandPerS.length; end++) {
    const row = summarise(series, count, end)
    smoothed.demandPerS.push(row.demandPerS)
    smoothed.servedPerS.push(row.servedPerS)
    smoothed.accuracy.push(row.accuracy)
    smoothed.violationRatio.push(row.violationRatio)
  }
  const { p50Ms, p95Ms, p99Ms } = series
  return { ...smoothed, p50Ms, p95Ms, p99Ms }
}

function mean(values: readonly (number | null)[]): number {
  return values.length === 0 ? 0 : values.reduce<number>((a, b) => a + (b ?? 0), 0) / values.length
}

function weighed(
  values: readonly (number | null)[],
  weights: readonly (number | null)[],
): number | null {
  let sum = 0
  let weight = 0
  values.forEach((value, i) => {
    if (value === null) return
    sum += value * (weights[i] ?? 0)
    weight += weights[i] ?? 0
  })
  return weight > 0 ? sum / weight : null
}

/** Percentiles cannot be averaged: the last one known of a short time, the worst of a long one. */
function most(values: readonly (number | null)[], count: number): number | null {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return null
  return count <= SHORT ? known.at(-1)! : Math.max(...known)
}

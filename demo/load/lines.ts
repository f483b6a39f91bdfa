/**
 * A result of the load generator as people read it.
 *
 * @module
 */
import type { LoadResult, Percentiles } from './tally.ts'

const percent = (share: number) => `${(100 * share).toFixed(2)} %`

export function linesOf(result: LoadResult): string[] {
  const { queries, tookS, onTime, onTimePerS, violationRatio, effectiveAccuracy } = result
  const [least, most] = [result.violationsAtLeast, result.violationsAtMost].map(percent)
  const nodes = Object.entries(result.nodes).map(([name, { share, items }]) =>
    `${name} ${percent(share)} (${items} items)`
  )
  return [
    `${queries} queries in ${tookS} s: ${onTime} on time, ${onTimePerS} a second`,
    `violations: ${percent(violationRatio)} (95 %: ${least} to ${most})`,
    `outcomes: ${Object.entries(result.outcomes).map(([name, n]) => `${n} ${name}`).join(', ')}`,
    `effective accuracy: ${effectiveAccuracy?.toFixed(4) ?? 'none'}`,
    `latency of results from when they were due: ${shown(result.latencyMs)}`,
    `sent late by: ${shown(result.sentLateMs)}`,
    ...(nodes.length > 0 ? [`share of the work: ${nodes.join(', ')}`] : []),
  ]
}

const shown = (of: Percentiles | null) =>
  of === null
    ? 'none'
    : `p50 ${of.p50}, p90 ${of.p90}, p95 ${of.p95}, p99 ${of.p99}, most ${of.max} ms`

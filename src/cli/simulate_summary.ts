/**
 * Results of simulated runs as a table for people.
 *
 * @module
 */
import type { SimulationResult } from '../sim/result.ts'

const HEAD = [
  'policy',
  'roots',
  'violations %',
  'accuracy %',
  'active nodes',
  'peak',
  'solve p95 ms',
]

export function summaryRows(results: readonly SimulationResult[]): string[][] {
  return results.map((result) => [
    result.policy,
    String(result.roots),
    (result.violationRatio * 100).toFixed(3),
    (result.effectiveAccuracy * 100).toFixed(2),
    result.meanActiveNodes.toFixed(2),
    String(result.peakActiveNodes),
    result.planSolveMsP95.toFixed(1),
  ])
}

export function summaryLines(results: readonly SimulationResult[]): string[] {
  const rows = [HEAD, ...summaryRows(results)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join('  ')
  )
}

export { HEAD as SUMMARY_HEAD }

/**
 * Results of simulated runs as a table for people.
 *
 * @module
 */
import type { Row, SimulationResult } from '../result.ts'

const HEAD = [
  'policy',
  'roots',
  'violations %',
  'accuracy %',
  'active nodes',
  'peak',
  'solve p95 ms',
]

/** A line of the table: of a policy, or under it of one of several pipelines. */
export interface SummaryRow {
  /** Position of the result; undefined where it is of one pipeline alone. */
  policy: number | undefined
  cells: string[]
}

export function summaryRows(results: readonly SimulationResult[]): SummaryRow[] {
  return results.flatMap((result, policy) => {
    const { workloads } = result
    const whole = {
      policy,
      cells: [
        result.policy,
        ...countsOf(result),
        result.meanActiveNodes.toFixed(2),
        String(result.peakActiveNodes),
        result.planSolveMsP95.toFixed(1),
      ],
    }
    const parts = workloads.length < 2 ? [] : workloads.map((one) => ({
      policy: undefined,
      cells: [`  ${one.pipeline}`, ...countsOf(one), '', '', ''],
    }))
    return [whole, ...parts]
  })
}

const countsOf = ({ roots, violationRatio, effectiveAccuracy }: Row): string[] => [
  String(roots),
  (violationRatio * 100).toFixed(3),
  (effectiveAccuracy * 100).toFixed(2),
]

export function summaryLines(results: readonly SimulationResult[]): string[] {
  const rows = [HEAD, ...summaryRows(results).map(({ cells }) => cells)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join('  ')
      .trimEnd()
  )
}

export { HEAD as SUMMARY_HEAD }

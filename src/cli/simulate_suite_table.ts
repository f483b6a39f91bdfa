/**
 * Rows of a suite as Markdown, and in one line for whoever waits.
 *
 * @module
 */
import { percent, type Row, type Spread } from '../sim/suites/rows.ts'

const HEAD = [
  'scenario',
  'policy',
  'violations % (least..most)',
  'accuracy % (least..most)',
  'bound %',
  'active nodes',
]

const range = ({ mean, min, max }: Spread, text: (value: number) => string): string =>
  min === max ? text(mean) : `${text(mean)} (${text(min)}..${text(max)})`

/** @returns headings and tables, each table with its cases in the order run */
export function markdownOf(rows: readonly Row[], findings: readonly string[]): string {
  const lines: string[] = []
  for (const table of new Set(rows.map((row) => row.table))) {
    lines.push(`### ${table}`, '', line(HEAD), line(HEAD.map(() => '---')))
    for (const row of rows) if (row.table === table) lines.push(line(cellsOf(row)))
    lines.push('')
  }
  if (findings.length > 0) {
    for (const finding of findings) lines.push(finding[0] === '|' ? finding : wrapped(finding))
    lines.push('')
  }
  const faults = faultLines(rows)
  if (faults.length > 0) lines.push('What schedulers did that they should not:', '', ...faults, '')
  return lines.join('\n')
}

function cellsOf(row: Row): string[] {
  const { bound, violationRatio, effectiveAccuracy, meanActiveNodes } = row
  const bounds = bound === undefined
    ? ''
    : bound.served < 1
    ? `${percent(bound.accuracy)} of ${percent(bound.served, 1)} % served`
    : percent(bound.accuracy)
  return [
    row.row,
    row.policy,
    range(violationRatio, (share) => percent(share, share < 0.01 ? 3 : 2)),
    range(effectiveAccuracy, (share) => percent(share)),
    bounds,
    meanActiveNodes.mean.toFixed(1),
  ]
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

const wrapped = (finding: string) => finding === '' ? '' : finding

function faultLines(rows: readonly Row[]): string[] {
  return rows.flatMap(({ table, row, policy, faults }) =>
    Object.entries(faults).map(([what, count]) =>
      `- ${table}, ${row}, ${policy}: ${count} times ${what}`
    )
  )
}

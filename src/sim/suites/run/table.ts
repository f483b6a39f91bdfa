/**
 * Rows of a suite as Markdown, and in one line for whoever waits.
 *
 * @module
 */
import { percent, type Row, type Spread } from '../rows.ts'

const HEAD = [
  'scenario',
  'policy',
  'violations % (least..most)',
  'accuracy % (least..most)',
  'bound %',
  'active nodes',
  'seeds',
]

const range = ({ mean, min, max }: Spread, text: (value: number) => string): string =>
  min === max ? text(mean) : `${text(mean)} (${text(min)}..${text(max)})`

/** Tables with more scenarios have one line for each: all policies beside one another, means only. */
const LONG = 12

/**
 * @param brief without the tables
 * @param faultsBefore lines of policies whose rows were run before
 * @returns headings and tables, each table with its cases in the order run
 */
export function markdownOf(
  rows: readonly Row[],
  findings: readonly string[],
  brief = false,
  faultsBefore: readonly string[] = [],
): string {
  const lines: string[] = []
  for (const table of brief ? [] : new Set(rows.map((row) => row.table))) {
    const own = rows.filter((row) => row.table === table)
    const scenarios = new Set(own.map(({ row }) => row)).size
    lines.push(`### ${table}`, '', ...scenarios > LONG ? beside(own) : below(own), '')
  }
  if (findings.length > 0) lines.push(...listed(findings), '')
  const faults = [...faultsBefore, ...faultLines(rows)]
  if (faults.length > 0) lines.push('What schedulers did that they should not:', '', ...faults, '')
  return lines.join('\n')
}

const below = (rows: readonly Row[]): string[] => [
  line(HEAD),
  line(HEAD.map(() => '---')),
  ...rows.map((row) => line(cellsOf(row))),
]

function beside(rows: readonly Row[]): string[] {
  const policies = [...new Set(rows.map(({ policy }) => policy))]
  const head = [
    'scenario',
    'bound %',
    ...policies.map((policy) => `${policy}: violations, accuracy`),
  ]
  const lines = [...new Set(rows.map(({ row }) => row))].map((scenario) => {
    const of = (policy: string) => rows.find((row) => row.row === scenario && row.policy === policy)
    const { bound } = rows.find(({ row }) => row === scenario)!
    return line([
      scenario,
      bound === undefined ? '' : percent(bound.accuracy),
      ...policies.map((policy) => {
        const row = of(policy)
        return row === undefined
          ? ''
          : `${ratio(row.violationRatio.mean)}, ${percent(row.effectiveAccuracy.mean)}`
      }),
    ])
  })
  return [line(head), line(head.map(() => '---')), ...lines]
}

/** Sentences are points of a list; a table among them stays as it is. */
const listed = (findings: readonly string[]): string[] =>
  findings.map((text) => text === '' || text[0] === '|' ? text : `- ${text}`)

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
    range(violationRatio, ratio),
    range(effectiveAccuracy, (share) => percent(share)),
    bounds,
    meanActiveNodes.mean.toFixed(1),
    String(row.seeds),
  ]
}

const ratio = (share: number) => percent(share, share < 0.01 ? 3 : 2)

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

/** By policy and what it was: how often, and in how many scenarios. */
function faultLines(rows: readonly Row[]): string[] {
  const found = new Map<string, { count: number; scenarios: number }>()
  for (const { policy, faults } of rows) {
    for (const [what, count] of Object.entries(faults)) {
      const one = found.get(`${policy}: ${what}`) ?? { count: 0, scenarios: 0 }
      one.count += count
      one.scenarios++
      found.set(`${policy}: ${what}`, one)
    }
  }
  return [...found].map(([what, { count, scenarios }]) =>
    `- ${what}, ${count} times in ${scenarios} scenarios`
  )
}

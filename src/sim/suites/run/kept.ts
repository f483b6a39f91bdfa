/**
 * Rows that a page shows already, read back: where only some policies are run, those of the others
 * stay, as exactly as the page has them.
 *
 * @module
 */
import { partOf, type Row, type Spread } from '../rows.ts'
import { type Case, nameOf } from '../suite.ts'

const BESIDE = /^(.+): violations, accuracy$/
const ABOUT = ['scenario', 'policy', 'violations %', 'accuracy %']

/** @returns the rows of both kinds of table in this text; what it does not say of them is 0 */
export function rowsIn(markdown: string): Row[] {
  const rows: Row[] = []
  let table = ''
  let head: string[] = []
  for (const line of markdown.split('\n')) {
    if (line.startsWith('### ')) table = line.slice('### '.length).trim()
    if (!line.startsWith('|')) {
      head = []
      continue
    }
    const cells = line.split('|').slice(1, -1).map((cell) => cell.trim())
    if (head.length === 0) head = cells
    else if (!/^-+$/.test(cells[0]!)) rows.push(...rowsOf(table, head, cells))
  }
  return rows
}

function rowsOf(table: string, head: readonly string[], cells: readonly string[]): Row[] {
  const row = cells[0]!
  if (ABOUT.every((text, i) => head[i]?.startsWith(text))) {
    const [, policy, violations, accuracy, , nodes, seeds] = cells as [string, ...string[]]
    return [rowWith({
      ...{ table, row, policy: policy!, seeds: Number(seeds) },
      violationRatio: shares(violations!),
      effectiveAccuracy: shares(accuracy!),
      meanActiveNodes: spread(Number(nodes)),
    })]
  }
  return head.flatMap((title, i) => {
    const policy = BESIDE.exec(title)?.[1]
    const [violations, accuracy] = cells[i]!.split(', ')
    if (policy === undefined || accuracy === undefined) return []
    return [rowWith({
      ...{ table, row, policy },
      violationRatio: shares(violations!),
      effectiveAccuracy: shares(accuracy),
    })]
  })
}

/** Of the rows that a page shows those of this case and policy: the whole, and each pipeline's. */
export function keptOf(
  rows: readonly Row[],
  about: Pick<Row, 'table' | 'row' | 'policy' | 'bound' | 'wholeNodes'>,
  pipelines: readonly string[],
): Row[] {
  const names = [about.row, ...pipelines.map((pipeline) => partOf(about.row, pipeline))]
  return rows.filter(({ table, policy, row }) =>
    table === about.table && policy === about.policy && names.includes(row)
  ).map((row) => row.row === about.row ? { ...row, ...about } : row)
}

/** What the page says that policies did that they should not: of those alone that were not run. */
export function faultsKept(markdown: string, rows: readonly Row[]): string[] {
  const ran = new Set(rows.filter(({ roots }) => roots > 0).map(({ policy }) => policy))
  const lines = markdown.match(/^- [^:\n]+: .+, \d+ times in \d+ scenarios$/gm) ?? []
  return lines.filter((line) => !ran.has(/^- ([^:]+):/.exec(line)![1]!))
}

/** Whether each policy of each case has a row that was run, not read back. */
export const areRun = (rows: readonly Row[], cases: readonly Case[]): boolean =>
  cases.every(({ table, row, contenders }) =>
    contenders.every((contender) =>
      rows.some((one) =>
        one.table === table && one.row === row && one.policy === nameOf(contender) && one.roots > 0
      )
    )
  )

const spread = (mean: number, min = mean, max = mean): Spread => ({ mean, min, max })

/** `95.69 (95.61..95.83)` in percent, or a number alone. */
function shares(text: string): Spread {
  const [mean, min, max] = text.match(/\d+(\.\d+)?/g)!.map((part) => Number(part) / 100)
  // A range that only rounding closes stays one.
  return spread(mean!, min === undefined ? mean : min - (min === max ? 1e-9 : 0), max)
}

const rowWith = (about: Pick<Row, 'table' | 'row' | 'policy'> & Partial<Row>): Row => ({
  ...{ seeds: 0, roots: 0, demandPerS: 0, calls: 0, handleMs: 0, faults: {} },
  ...{ violationRatio: spread(0), effectiveAccuracy: spread(0), meanActiveNodes: spread(0) },
  ...{ planSolveMsP95: spread(0), tookS: spread(0) },
  ...about,
})

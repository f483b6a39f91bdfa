/**
 * HiGHS as an oracle: the same program, by another solver.
 *
 * @module
 */
import load from 'highs'
import type { Model } from '../../../src/policy/place/model.ts'

/** CPLEX-LP text; one term per line, since the reader limits the length of lines. */
export function lpText({ columns, rows }: Model): string {
  const term = (coefficient: number, column: number) =>
    `${coefficient < 0 ? '-' : '+'} ${Math.abs(coefficient)} x${column}`
  const byRow: string[][] = rows.map(() => [])
  columns.forEach((column, i) => {
    column.rows.forEach((row, j) => byRow[row]!.push(term(column.coefficients[j]!, i)))
  })
  const objective = columns.map(({ objective }, i) => term(objective, i))
  const constraints = rows.flatMap(({ min, max }, row) => {
    const terms = byRow[row]!
    if (terms.length === 0) return []
    const lines = [`r${row}a:`, ...terms]
    if (min === max) return [...lines, `= ${max}`]
    const from = Number.isFinite(min) ? [`r${row}b:`, ...terms, `>= ${min}`] : []
    return [...Number.isFinite(max) ? [...lines, `<= ${max}`] : [], ...from]
  })
  const bounds = columns.map(({ lower, upper }, i) =>
    Number.isFinite(upper) ? `${lower} <= x${i} <= ${upper}` : `x${i} >= ${lower}`
  )
  const integers = columns.flatMap(({ integer }, i) => integer ? [`x${i}`] : [])
  return [
    ...['Maximize', 'objective:', ...objective],
    ...['Subject To', ...constraints],
    ...['Bounds', ...bounds],
    ...integers.length > 0 ? ['General', ...integers] : [],
    'End',
    '',
  ].join('\n')
}

export interface Verdict {
  status: 'optimal' | 'infeasible' | 'unknown'
  objective: number
}

/** Solves to a relative gap; `unknown` if the time limit came first. */
export async function createHighs(): Promise<(model: Model, gap: number) => Verdict> {
  // The package's types describe its CommonJS form, where the loader is the module itself.
  const highs = await (load as unknown as typeof load.default)()
  return (model, gap) => {
    const solution = highs.solve(
      lpText(model),
      {
        mip_rel_gap: gap,
        time_limit: 10,
        output_flag: false,
      } as Parameters<typeof highs.solve>[1],
    )
    if (solution.Status === 'Infeasible') return { status: 'infeasible', objective: -Infinity }
    if (solution.Status !== 'Optimal') return { status: 'unknown', objective: NaN }
    return { status: 'optimal', objective: solution.ObjectiveValue }
  }
}

/**
 * Cells whose course over time was kept, as charts that stand alone.
 *
 * @module
 */
import { fluidBound } from '../../bound.ts'
import { type ChartOptions, type Line, standalone, trailingMean } from '../../report/chart.ts'
import { type Bin, onTimeOf } from '../../report/report.ts'
import { checkScenario } from '../../scenario.ts'
import type { Outcome } from '../rows.ts'
import { nameOf } from '../suite.ts'
import type { Cell } from './cells.ts'

/** As in the report of a single run (after Okabe and Ito). */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#888888']
const SMOOTH_S = 10

/** Of the first seed of each case that keeps its curve, by name of the file. */
export function curvesOf(
  suite: string,
  cells: readonly Cell[],
  outcomes: ReadonlyMap<string, Outcome>,
): [name: string, svg: string][] {
  const cases = [...new Set(cells.map((cell) => cell.case))].filter(({ curve }) => curve)
  return cases.flatMap((one, index): [string, string][] => {
    const own = cells.filter((cell) => cell.case === one && cell.seed === 1)
    const runs = own.flatMap(({ key, contender }) => {
      const timeline = outcomes.get(key)?.result.timeline
      return timeline === undefined ? [] : [{ name: nameOf(contender), timeline }]
    })
    if (runs.length === 0) return []
    const line = (pick: (bin: Bin) => number, weightOf: (bin: Bin) => number): Line[] =>
      runs.map(({ name, timeline }, i) => ({
        name,
        color: COLORS[i % COLORS.length]!,
        values: trailingMean(timeline.map(pick), SMOOTH_S, timeline.map(weightOf)),
      }))
    const about = `${one.table}, ${one.row}; seed 1, means of ${SMOOTH_S} s, simulated`
    const accuracies = line(({ effectiveAccuracy }) => effectiveAccuracy, onTimeOf)
    const { bins } = fluidBound(checkScenario(one.scenario, 'suite'))
    // Of as many seconds as the others: they would else be drawn above it where it falls.
    const bound = trailingMean(
      bins.map(({ accuracy }) => accuracy),
      SMOOTH_S,
      runs[0]!.timeline.map(({ demand }) => demand),
    )
    const charts: [string, Omit<ChartOptions, 'title'> & { title: string }][] = [
      ['accuracy', {
        title: `Effective accuracy. ${about}`,
        lines: [
          ...accuracies,
          { name: 'fluid bound', color: '#888888', values: bound },
        ],
        from: 0.88,
        to: 1,
        format: (value) => `${+(value * 100).toFixed(1)} %`,
      }],
      ['violations', {
        title: `Violations. ${about}`,
        lines: line(({ violationRatio }) => violationRatio, ({ demand }) => demand),
        from: 0,
        to: 1,
        format: (value) => `${+(value * 100).toFixed(1)} %`,
      }],
    ]
    const number = cases.length > 1 ? `-${index + 1}` : ''
    return charts.map(([what, options]) => [`${suite}-${what}${number}`, standalone(options)])
  })
}

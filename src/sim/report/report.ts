/**
 * Simulated runs as one page without any script or network: a table and curves over time.
 *
 * @module
 */
import type { SimulationResult } from '../result.ts'
import { chart, escape, type Line, PICTURES_STYLE, trailingMean } from './chart.ts'
import { SUMMARY_HEAD, summaryRows } from './summary.ts'

/** Told apart also by those who see colours differently (after Okabe and Ito). */
const COLORS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9']
/** The same for all of them, so in no colour of one. */
const DEMAND = { name: 'demand', color: '#888888' }
/** Single seconds are ragged: curves are means of so many. */
const SMOOTH_S = 5
/** More points than this are none that can be seen. */
const MOST_POINTS = 700
/** Where the axis of accuracy begins at the most: what is always right is a line, too. */
const MOST_FROM = 0.95

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 900px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.3rem; overflow-wrap: anywhere }
.table { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid #8884 }
th:first-child, td:first-child { text-align: left; white-space: nowrap }
figure { margin: 1.5rem 0 } figcaption { font-weight: 600 }
svg { width: 100%; height: auto } svg text { font-size: 11px; fill: currentColor }
svg .grid { stroke: #8884 } svg path { fill: none; stroke-width: 1.6; stroke-linejoin: round }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em }
${PICTURES_STYLE}`

/** As exact as the marks of an axis are, however small its values. */
const plain = (value: number) => String(+value.toPrecision(4))
const percent = (value: number) => `${plain(value * 100)} %`

export type Bin = SimulationResult['timeline'][number]

export const onTimeOf = ({ demand, violationRatio }: Bin) => demand * (1 - violationRatio)

/** @param scenario what was simulated, in words */
export function reportPage(scenario: string, results: readonly SimulationResult[]): string {
  const colorOf = (i: number) => COLORS[i % COLORS.length]!
  const seconds = Math.max(...results.map(({ timeline }) => timeline.length))
  const everyS = Math.ceil(seconds / MOST_POINTS)
  const meanS = Math.max(SMOOTH_S, everyS)
  const lines = (pick: (bin: Bin) => number, weightOf?: (bin: Bin) => number): Line[] =>
    results.map(({ policy, timeline }, i) => ({
      name: policy,
      color: colorOf(i),
      values: trailingMean(timeline.map(pick), meanS, weightOf && timeline.map(weightOf), everyS),
    }))
  const accuracy = lines(({ effectiveAccuracy }) => effectiveAccuracy, onTimeOf)
  const least = accuracy.flatMap(({ values }) => values)
    .reduce<number>((low, value) => value === null ? low : Math.min(low, value), 1)
  const charts = [
    chart({
      everyS,
      title: 'Demand, queries arriving in a second',
      lines: lines(({ demand }) => demand).slice(0, 1).map((line) => ({ ...line, ...DEMAND })),
      format: plain,
    }),
    chart({
      everyS,
      title: 'Effective accuracy of queries served on time',
      lines: accuracy,
      from: Math.min(MOST_FROM, Math.floor(least * 20) / 20),
      to: 1,
      format: percent,
    }),
    chart({
      everyS,
      title: 'Violations, share of queries late or dropped',
      lines: lines(({ violationRatio }) => violationRatio, ({ demand }) => demand),
      format: percent,
    }),
    chart({
      everyS,
      title: 'Active nodes',
      lines: lines(({ activeNodes }) => activeNodes),
      format: plain,
    }),
  ]
  const rows = summaryRows(results).map(({ policy, cells: [name, ...cells] }) => {
    const color = policy === undefined ? 'none' : colorOf(policy)
    return `<tr><td><span class="key" style="background:${color}"></span>${escape(name!)}</td>` +
      cells.map((cell) => `<td>${escape(cell)}</td>`).join('') + '</tr>'
  })
  const head = SUMMARY_HEAD.map((cell) => `<th>${escape(cell)}</th>`)
  const title = `Simulated: ${scenario}`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>
<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body>
<h1>${escape(title)}</h1>
<p>Virtual time, seeded arrivals; the same for every policy. Roots are queries as they came, peak is
the most nodes that were active in a second. Measured is one figure alone: solve, the time on this
machine that 95 of 100 plans took at most. Curves are means of ${meanS} s.</p>
<div class="table" tabindex="0"><table><thead><tr>${head.join('')}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table></div>
${charts.join('\n')}
</body></html>
`
}

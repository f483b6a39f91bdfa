/**
 * The course of the demo over time, one chart below the other.
 *
 * @module
 */
import { escape, type Line, pictures, roundUp, trailingMean } from '../src/sim/report/chart.ts'
import type { Second } from './load/tally.ts'
import type { Played } from './play.ts'
import type { DemoRecord } from './record.ts'
import { COLORS, DEMAND } from './report_style.ts'

/** Single seconds are ragged: curves are means of so many. */
export const SMOOTH_S = 3

export const colorOf = (index: number): string => COLORS[index % COLORS.length]!

interface One {
  title: string
  lines: Line[]
  from?: number
  to?: number
  format: (value: number) => string
}

const percent = (value: number) => `${+(value * 100).toFixed(1)} %`
const plain = (value: number) => String(+value.toFixed(1))

export function charts({ played, sloMs, capacity }: DemoRecord): string {
  const marks = (played[0]?.events ?? []).map(({ atS, what }) => ({ atS, label: what }))
  const seconds = played[0]?.result.seconds.length ?? 0
  const lines = (
    pick: (one: Played, second: Second, i: number) => number | null,
    weightOf?: (second: Second) => number,
  ): Line[] =>
    played.map((one, i) => {
      const { seconds } = one.result
      const values = seconds.map((second, s) => pick(one, second, s))
      return {
        name: one.policy,
        color: colorOf(i),
        values: trailingMean(values, SMOOTH_S, weightOf && seconds.map(weightOf)),
      }
    })
  const demand: Line = {
    name: 'demand',
    color: DEMAND,
    values: trailingMean(
      Array.from({ length: seconds }, (_, s) => played[0]!.result.seconds[s]?.asked ?? 0),
      SMOOTH_S,
    ),
  }
  const accuracy = lines((_, second) => second.accuracy, ({ onTime }) => onTime)
  const least = accuracy.flatMap(({ values }) => values)
    .reduce<number>((low, value) => value === null ? low : Math.min(low, value), 1)
  const all: One[] = [
    {
      title: 'Queries a second: asked, and answered in time',
      lines: [demand, ...lines((_, { onTime }) => onTime)],
      format: plain,
    },
    {
      title: 'Accuracy of what was answered in time',
      lines: accuracy,
      from: Math.floor(least * 20 - 0.5) / 20,
      to: Math.min(1, Math.ceil(capacity.bestAccuracy * 20 + 0.2) / 20),
      format: percent,
    },
    {
      title: 'Violations: share of queries late, refused or failed',
      lines: lines(
        (_, { asked, onTime }) => asked === 0 ? null : 1 - onTime / asked,
        ({ asked }) => asked,
      ),
      from: 0,
      to: 1,
      format: percent,
    },
    {
      title: `Latency, ms: 95th percentile of results; the deadline is ${sloMs}`,
      lines: lines((_, { p95Ms }) => p95Ms),
      to: roundUp(sloMs),
      format: plain,
    },
    {
      title: 'Nodes at work',
      lines: lines(({ activeNodes }, _, s) => activeNodes[s] ?? null),
      to: Math.max(1, ...played.flatMap(({ presentNodes }) => presentNodes.map(Math.ceil))),
      format: plain,
    },
  ]
  return all.map((one) => figure(one, marks)).join('\n')
}

function figure(one: One, marks: { atS: number; label: string }[]): string {
  const keys = one.lines.map(({ name, color }) =>
    `<li><span class="key" style="background:${color}"></span>${escape(name)}</li>`
  )
  return `<figure><figcaption>${escape(one.title)}</figcaption>` +
    `<ul class="keys">${keys.join('')}</ul>${pictures({ ...one, marks })}</figure>`
}

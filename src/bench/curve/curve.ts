/**
 * `deno task bench curve --from FILE --svg FILE`: what `deno task bench live --json FILE` found as a
 * picture, accuracy over demand, with the violations below.
 * @module
 */
import { escape, roundUp } from '../../sim/report/chart.ts'
import { readLiveRun } from '../live/record.ts'
import type { Row } from '../live/rows.ts'
import { stairs } from '../live/steps.ts'
import type { BenchOptions } from '../options.ts'
import { round } from '../tools.ts'

/** Told apart also by those who see colours differently (after Okabe and Ito). */
const COLORS: Record<string, string> = { shoal: '#0072b2', static: '#d55e00', inferline: '#009e73' }
const OTHER = '#888888'

const WIDTH = 860
const LEFT = 60
const RIGHT = 20
/** Of a panel. */
const HEIGHT = 200
const TOP = 46
const GAP = 40
const TICKS = 4
const LABELS = 5

const STYLE = `svg { font: 12px system-ui, sans-serif; background: #fff }
text { fill: #1b1f24 } .grid { stroke: #8884 }
path { fill: none; stroke-width: 2; stroke-linejoin: round } .limit { stroke-dasharray: 5 4 }`

interface Run {
  policy: string
  color: string
  rows: Row[]
}

interface Panel {
  title: string
  from: number
  pick(row: Row): number | null
}

export async function bench({ from = '', svg = '' }: BenchOptions) {
  const run = await readLiveRun(from)
  const up = stairs(run.steps)
  const runs = Object.entries(run.policies).map(([policy, { rows }]): Run => (
    { policy, color: COLORS[policy] ?? OTHER, rows: rows.slice(0, up) }
  ))
  await Deno.writeTextFile(svg, drawing(runs))
  return { svg, policies: runs.map(({ policy }) => policy) }
}

const text = (x: number, y: number, content: string, more = '') =>
  `<text x="${round(x, 1)}" y="${round(y, 1)}"${more}>${escape(content)}</text>`

function drawing(runs: readonly Run[]): string {
  const all = runs.flatMap(({ rows }) => rows)
  const most = roundUp(Math.max(...all.map(({ demandPerS }) => demandPerS)))
  const least = Math.min(...all.flatMap(({ accuracy }) => accuracy ?? []))
  const x = (demand: number) => LEFT + (WIDTH - LEFT - RIGHT) * demand / most
  const panels: Panel[] = [
    {
      title: 'Accuracy of what was answered in time',
      // A panel has a height where all is as accurate as can be, too, or nothing came in time.
      from: Math.min(0.9, Math.floor(10 * least) / 10),
      pick: ({ accuracy }) => accuracy,
    },
    {
      title: 'Violations: late, refused or failed',
      from: 0,
      pick: ({ violationRatio }) => violationRatio,
    },
  ]
  const keys = runs.map(({ policy, color }, i) =>
    text(LEFT + 120 * i, 18, `\u25ac ${policy}`, ` style="fill:${color}"`)
  )
  const bottom = TOP + panels.length * (HEIGHT + GAP) - GAP
  const labels = Array.from({ length: LABELS + 1 }, (_, i) => most * i / LABELS).map((demand) =>
    text(x(demand), bottom + 18, String(round(demand, 1)), ' text-anchor="middle"')
  )
  const axis = text(WIDTH - RIGHT, bottom + 36, 'queries a second', ' text-anchor="end"')
  const bodies = panels.flatMap((panel, i) => panelOf(panel, TOP + i * (HEIGHT + GAP), runs, x))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 46}">` +
    `<style>${STYLE}</style>\n${[...keys, ...bodies, ...labels, axis].join('\n')}\n</svg>\n`
}

function panelOf(
  { title, from, pick }: Panel,
  top: number,
  runs: readonly Run[],
  x: (demand: number) => number,
): string[] {
  const y = (value: number) => top + HEIGHT * (1 - value) / (1 - from)
  const grid = Array.from({ length: TICKS + 1 }, (_, i) => from + (1 - from) * i / TICKS)
  const ticks = grid.flatMap((value) => {
    const at = round(y(value), 1)
    return [
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>`,
      text(LEFT - 6, at + 4, `${round(100 * value, 1)} %`, ' text-anchor="end"'),
    ]
  })
  const curves = runs.flatMap(({ color, rows }) => {
    const points = rows.flatMap((row) => {
      const value = pick(row)
      return value === null ? [] : [[round(x(row.demandPerS), 1), round(y(value), 1)]]
    })
    return [
      `<path stroke="${color}" d="M${points.map((one) => one.join(' ')).join('L')}"/>`,
      ...points.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${color}"/>`),
    ]
  })
  return [text(LEFT, top - 8, title, ' font-weight="600"'), ...ticks, ...curves]
}

/**
 * `deno task bench curve --from FILE --svg FILE`: what `deno task bench live --json FILE` found as a
 * picture, accuracy over demand, with the violations below.
 * @module
 */
import { escape, roundUp } from '../../sim/report/chart.ts'
import { readLiveRun } from '../live/record.ts'
import type { Row } from '../live/rows.ts'
import { stairs } from '../live/steps.ts'

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

const STYLE = `svg { font: 12px system-ui, sans-serif; background: #fff }
text { fill: #1b1f24 } .grid { stroke: #8884 }
path { fill: none; stroke-width: 2; stroke-linejoin: round } .limit { stroke-dasharray: 5 4 }`

interface Panel {
  title: string
  from: number
  to: number
  pick(row: Row): number | null
}

export interface CurveOptions {
  /** What `deno task bench live --json FILE` wrote, and where the picture goes. */
  from?: string
  svg?: string
}

export async function benchCurve({ from = '', svg = '' }: CurveOptions) {
  const run = await readLiveRun(from)
  const up = stairs(run.steps)
  const runs = Object.entries(run.policies).map(([policy, { rows }]) => ({
    policy,
    color: COLORS[policy] ?? OTHER,
    rows: rows.slice(0, up),
  }))
  if (!runs.some(({ rows }) => rows.length > 0)) {
    throw new RangeError(`Cannot draw ${from}: no step of it was played`)
  }
  await Deno.writeTextFile(svg, drawing(runs))
  return { svg, policies: runs.map(({ policy }) => policy) }
}

function drawing(runs: { policy: string; color: string; rows: Row[] }[]): string {
  const all = runs.flatMap(({ rows }) => rows)
  const most = roundUp(Math.max(...all.map(({ demandPerS }) => demandPerS)))
  const least = Math.min(...all.filter(({ onTimePerS }) => onTimePerS > 0).map((r) => r.accuracy))
  const panels: Panel[] = [
    {
      title: 'Accuracy of what was answered in time',
      // A panel has a height where all is as accurate as can be, too, or nothing came in time.
      from: Math.min(0.9, Math.floor(10 * least) / 10),
      to: 1,
      pick: ({ accuracy, onTimePerS }) => onTimePerS > 0 ? accuracy : null,
    },
    {
      title: 'Violations: late, refused or failed',
      from: 0,
      to: 1,
      pick: ({ violationRatio }) => violationRatio,
    },
  ]
  const x = (demand: number) => LEFT + (WIDTH - LEFT - RIGHT) * demand / most
  const keys = runs.map(({ policy, color }, i) =>
    `<text x="${LEFT + 120 * i}" y="18" style="fill:${color}">\u25ac ${escape(policy)}</text>`
  )
  const bodies = panels.map((panel, i) => {
    const top = TOP + i * (HEIGHT + GAP)
    const { from, to } = panel
    const y = (value: number) => top + HEIGHT * (to - value) / (to - from)
    const parts = [`<text x="${LEFT}" y="${top - 8}" font-weight="600">${panel.title}</text>`]
    for (let tick = 0; tick <= TICKS; tick++) {
      const value = from + (to - from) * tick / TICKS
      const at = y(value).toFixed(1)
      parts.push(
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>`,
        `<text x="${LEFT - 6}" y="${Number(at) + 4}" text-anchor="end">${+(100 * value).toFixed(
          1,
        )} %</text>`,
      )
    }
    for (const { color, rows } of runs) {
      const points = rows.flatMap((row) => {
        const value = panel.pick(row)
        return value === null ? [] : [[x(row.demandPerS).toFixed(1), y(value).toFixed(1)]]
      })
      parts.push(
        `<path stroke="${color}" d="M${points.map((one) => one.join(' ')).join('L')}"/>`,
        ...points.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3.5" fill="${color}"/>`),
      )
    }
    return parts.join('\n')
  })
  const bottom = TOP + panels.length * (HEIGHT + GAP) - GAP
  const axis: string[] = []
  for (let demand = 0; demand <= most + 1e-9; demand += most / 5) {
    axis.push(
      `<text x="${x(demand).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${+demand.toFixed(
        1,
      )}</text>`,
    )
  }
  axis.push(
    `<text x="${WIDTH - RIGHT}" y="${bottom + 36}" text-anchor="end">queries a second</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 46}">` +
    `<style>${STYLE}</style>\n${[...keys, ...bodies, ...axis].join('\n')}\n</svg>\n`
}

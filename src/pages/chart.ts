/**
 * A small line chart over time: lines, an area under the first where wanted, the largest value.
 * It is a picture of what stands next to it in numbers and in a table.
 *
 * @module
 */
import { make, makeSvg, setAttribute } from './make.ts'
import { setText } from './node/dom.ts'

const WIDTH = 300
const HEIGHT = 100

export interface Line {
  /** The class that colours it. */
  name: string
  values: readonly (number | null)[]
  area?: boolean
}

export interface ChartData {
  lines: readonly Line[]
  /** Rows that fill the width. */
  rows: number
  from: number
  to: number
  /** Of the largest and the least value. */
  labels: [string, string]
  /** Of the left end. */
  since: string
}

export function createChart(label: string): { element: HTMLElement; show(data: ChartData): void } {
  const svg = makeSvg('svg', {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': label,
  })
  const paths = new Map<string, SVGPathElement>()
  const top = make('span', { class: 'top' })
  const bottom = make('span', { class: 'bottom' })
  const since = make('span')
  const until = make('span', {}, 'now')
  const axis = make('div', { class: 'axis', 'aria-hidden': 'true' }, since, until)
  const plot = make('div', { class: 'plot' }, svg, top, bottom)

  function draw(name: string, d: string): void {
    let path = paths.get(name)
    if (path === undefined) {
      path = makeSvg('path', { class: name, 'vector-effect': 'non-scaling-stroke' })
      paths.set(name, path)
      svg.append(path)
    }
    setAttribute(path, 'd', d)
  }

  return {
    element: make('div', { class: 'chart' }, plot, axis),
    show({ lines, rows, from, to, labels, since: left }) {
      const height = Math.max(to - from, 1e-9)
      const y = (value: number) => {
        const share = (Math.min(to, Math.max(from, value)) - from) / height
        return (HEIGHT - 1 - share * (HEIGHT - 2)).toFixed(1)
      }
      for (const { name, values, area } of lines) {
        const x = (i: number) =>
          (WIDTH * (rows - values.length + i) / Math.max(1, rows - 1)).toFixed(1)
        const runs = runsOf(values)
        const line = runs.map((run) =>
          'M' + run.map(([i, value]) => `${x(i)} ${y(value)}`).join('L') +
          (run.length === 1 ? 'h1' : '')
        )
        if (area === true) {
          draw(
            `area ${name}`,
            runs.map((run, i) =>
              `${line[i]}L${x(run.at(-1)![0])} ${HEIGHT}L${x(run[0]![0])} ${HEIGHT}Z`
            ).join(''),
          )
        }
        draw(`line ${name}`, line.join(''))
      }
      setText(top, labels[0])
      setText(bottom, labels[1])
      setText(since, left)
    },
  }
}

/** Neighbours that are known; a gap of up to ten rows is bridged, as queries may be rare. */
function runsOf(values: readonly (number | null)[]): [number, number][][] {
  const runs: [number, number][][] = []
  let last = -Infinity
  values.forEach((value, i) => {
    if (value === null) return
    if (i - last > 10) runs.push([])
    runs.at(-1)!.push([i, value])
    last = i
  })
  return runs
}

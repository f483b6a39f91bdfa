/** The page of a simulated run: its axes and curves say what is so. */
import assert from 'node:assert/strict'
import { reportPage } from '../../src/sim/report/report.ts'
import type { SimulationResult } from '../../src/sim/result.ts'

type Second = [demand: number, violationRatio: number, effectiveAccuracy: number]

const resultOf = (seconds: Second[]): SimulationResult => ({
  policy: 'shoal',
  ...{ roots: 0, onTime: 0, late: 0, dropped: 0, violationRatio: 0, effectiveAccuracy: 0 },
  ...{ meanActiveNodes: 1, peakActiveNodes: 1, planSolveMsP95: 0, workloads: [] },
  timeline: seconds.map(([demand, violationRatio, effectiveAccuracy], t) => ({
    ...{ t, demand, violationRatio, effectiveAccuracy, activeNodes: 1 },
  })),
})

/** Of the chart with this title, as a wide page shows it: labels of both axes, and the line's path. */
function chartOf(seconds: Second[], title: string) {
  const page = reportPage('test', [resultOf(seconds)])
  assert.doesNotMatch(page, /NaN|undefined/)
  const svg = page.split('<figcaption>').find((part) => part.startsWith(title))!.split('</svg>')[0]!
  const labels = (anchor: string) =>
    [...svg.matchAll(new RegExp(`text-anchor="${anchor}">([^<]*)<`, 'g'))].map(([, text]) => text!)
  const path = /<path d="([^"]*)"/.exec(svg)![1]!
  const heights = [...path.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y))
  return { values: labels('end'), times: labels('middle'), path, heights }
}

const steady = (seconds: number, second: Second) =>
  Array.from({ length: seconds }, (): Second => second)

/** Heights of the ends of the vertical axis. */
const TOP = 12
const BOTTOM = 194

Deno.test('what is right each time, and nobody at all, have an axis', () => {
  const { values, heights } = chartOf(steady(3, [10, 0, 1]), 'Effective accuracy')
  assert.deepEqual(values, ['95 %', '96.25 %', '97.5 %', '98.75 %', '100 %'])
  assert.deepEqual(heights, [TOP, TOP, TOP])
  assert.equal(chartOf(steady(3, [0, 0, 0]), 'Effective accuracy').path, '')
})

Deno.test('one second, and a second between others without a query, can be seen', () => {
  for (const title of ['Demand', 'Effective accuracy', 'Violations', 'Active']) {
    assert.match(chartOf([[10, 0.5, 0.9]], title).path, /^M[\d.]+ [\d.]+m-5 0h10$/)
  }
  const gap = steady(5, [0, 0, 0])
  assert.match(chartOf([[1, 0, 0.9], ...gap], 'Effective accuracy').path, /^M.*(L.*){4}$/)
})

Deno.test('labels say where they stand, in whole seconds and however little is lost', () => {
  for (const seconds of [1, 9, 17, 20, 100, 200, 338]) {
    const { times } = chartOf(steady(seconds, [10, 0, 0.9]), 'Demand')
    const numbers = times.map((text) => parseInt(text))
    assert.deepEqual(numbers, numbers.map((_, i) => i * (numbers[1] ?? 0)), times.join())
  }
  const { values } = chartOf(steady(9, [2000, 0.0004, 0.9]), 'Violations')
  assert.deepEqual(values, ['0 %', '0.0125 %', '0.025 %', '0.0375 %', '0.05 %'])
})

Deno.test('a curve of shares is the share of all in its seconds, whoever asks how seldom', () => {
  const seldom = Array.from({ length: 20 }, (_, t): Second => t % 4 === 0 ? [1, 1, 0] : [0, 0, 0])
  const { values, heights } = chartOf(seldom, 'Violations')
  assert.equal(values.at(-1), '100 %')
  assert.ok(heights.every((height) => height === TOP), heights.join())
  // One of ten is lost in the mean of these, not a half.
  const uneven: Second[] = [[90, 0, 1], [10, 1, 0]]
  const last = chartOf(uneven, 'Violations')
  assert.equal(last.values.at(-1), '10 %')
  assert.deepEqual(last.heights, [BOTTOM, TOP])
})

Deno.test('a day is no more than can be seen, and a minute in which all is lost still is', () => {
  const day = steady(86_400, [10, 0, 0.9])
  for (let t = 40_000; t < 40_060; t++) day[t] = [10, 1, 0]
  assert.ok(reportPage('day', [resultOf(day)]).length < 200_000)
  const { times, heights, values } = chartOf(day, 'Violations')
  assert.deepEqual(times.slice(0, 3), ['0 s', '20000 s', '40000 s'])
  assert.equal(values.at(-1), '50 %')
  const lowest = Math.min(...heights)
  // 60 of the 124 seconds of a mean, or what two of these have of them.
  assert.ok(lowest < BOTTOM - (BOTTOM - TOP) / 3, String(lowest))
  assert.ok(heights.length > 600 && heights.length <= 700)
})

Deno.test('who is late in the last minute of a day is seen, too', () => {
  const day = steady(86_400, [10, 0, 0.9])
  for (let t = day.length - 60; t < day.length; t++) day[t] = [10, 1, 0]
  const { heights } = chartOf(day, 'Violations')
  assert.ok(heights.at(-1)! < BOTTOM - (BOTTOM - TOP) / 3, String(heights.at(-1)))
})

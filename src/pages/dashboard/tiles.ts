/**
 * The large figures, each with how it went over time.
 *
 * @module
 */
import type { MetricsSeries } from '../../client/types.ts'
import { amount, duration, durationParts, percent } from '../format.ts'
import { make } from '../make.ts'
import { element, setText } from '../node/dom.ts'
import { type ChartData, createChart } from '../chart.ts'
import { type Column, LIVE_SECONDS, smooth, summarise } from './series.ts'

export type Span = 'live' | 'hour'

/** Rows that the large figures are of, and rows that fill a chart. */
const OF: Record<Span, { rows: number; full: number; said: string; since: string }> = {
  live: { rows: 10, full: LIVE_SECONDS, said: 'last 10 s', since: '5 min ago' },
  hour: { rows: 60, full: 60, said: 'last hour', since: '1 h ago' },
}

interface Figure {
  name: string
  label: string
  value: HTMLElement
  unit: HTMLElement
}

function figure(name: string, label: string, quiet = false): Figure & { row: HTMLElement } {
  const value = make('span', { class: 'value', 'data-figure': name }, '–')
  const unit = make('span', { class: 'unit' })
  const row = make(
    'div',
    { class: quiet ? 'figure quiet' : 'figure' },
    make('dt', {}, make('i', { class: `key ${name}`, 'aria-hidden': 'true' }), label),
    make('dd', {}, value, unit),
  )
  return { name, label, value, unit, row }
}

function put({ value, unit }: Figure, text: string, of = ''): void {
  setText(value, text)
  setText(unit, of)
}

export function createTiles() {
  const tile = (label: string, ...figures: { row: HTMLElement }[]) => {
    const chart = createChart(`${label} over time; the figures are in the table below`)
    const said = make('small')
    element('tiles').append(make(
      'article',
      { class: 'card tile' },
      make('h3', {}, label, ' ', said),
      make('dl', {}, ...figures.map(({ row }) => row)),
      chart.element,
    ))
    return { show: chart.show, said }
  }
  const asked = figure('asked', 'asked')
  const served = figure('served', 'served')
  const accuracy = figure('accuracy', 'of answers')
  const best = figure('best', 'best possible', true)
  const violations = figure('bad', 'late or refused')
  const p50 = figure('p50', 'p50', true)
  const p95 = figure('p95', 'p95')
  const p99 = figure('p99', 'p99', true)
  const tiles = [
    tile('Queries a second', asked, served),
    tile('Accuracy', accuracy, best),
    tile('Violations', violations),
    tile('Latency', p95, p50, p99),
  ] as const

  return {
    show(all: MetricsSeries, span: Span, bestAccuracy: number, sloMs: number): void {
      const { rows, full, said, since } = OF[span]
      const now = summarise(all, rows)
      // A second holds too few queries to be drawn by itself.
      const series = span === 'live' ? smooth(all, rows) : all
      for (const tile of tiles) setText(tile.said, said)
      if (span === 'hour') setText(tiles[3].said, 'worst minute of the hour')
      put(asked, amount(now.demandPerS), '/s')
      put(served, amount(now.servedPerS), '/s')
      putPercent(accuracy, now.accuracy)
      putPercent(best, bestAccuracy)
      putPercent(violations, now.violationRatio)
      for (const [one, ms] of [[p50, now.p50Ms], [p95, now.p95Ms], [p99, now.p99Ms]] as const) {
        if (ms === null) put(one, '–')
        else put(one, ...durationParts(ms))
      }
      const chart = (lines: ChartData['lines'], from: number, to: number, text: Text) => ({
        lines,
        from,
        to,
        since,
        rows: full,
        labels: [text(to), from === 0 ? '0' : text(from)] as [string, string],
      })
      const top = niceTop(largest(series, ['demandPerS', 'servedPerS']), 1)
      tiles[0].show(chart(
        [
          { name: 'served', values: series.servedPerS, area: true },
          { name: 'asked', values: series.demandPerS },
        ],
        0,
        top,
        (value) => `${amount(value)} /s`,
      ))
      const least = Math.min(bestAccuracy, smallest(series.accuracy, bestAccuracy))
      const floor = Math.max(0, Math.floor(10 * (least - 0.02)) / 10)
      tiles[1].show(chart(
        [{ name: 'accuracy', values: series.accuracy }],
        floor,
        1,
        (value) => `${Math.round(100 * value)} %`,
      ))
      const worst = Math.min(1, niceTop(largest(series, ['violationRatio']), 0.01))
      tiles[2].show(chart(
        [{ name: 'bad', values: series.violationRatio, area: true }],
        0,
        worst,
        (value) => `${amount(100 * value)} %`,
      ))
      const slowest = niceTop(largest(series, ['p50Ms', 'p95Ms', 'p99Ms']), sloMs / 10)
      tiles[3].show(chart(
        [
          { name: 'p99', values: series.p99Ms },
          { name: 'p95', values: series.p95Ms },
          { name: 'p50', values: series.p50Ms },
        ],
        0,
        slowest,
        duration,
      ))
    },
  }
}

type Text = (value: number) => string

function putPercent(one: Figure, ratio: number | null): void {
  if (ratio === null || !Number.isFinite(ratio)) put(one, '–')
  else put(one, percent(ratio), '%')
}

const largest = (series: MetricsSeries, columns: readonly Column[]) =>
  columns.reduce(
    (most, column) => series[column].reduce<number>((a, b) => Math.max(a, b ?? 0), most),
    0,
  )

const smallest = (values: readonly (number | null)[], none: number) =>
  values.reduce<number>((a, b) => Math.min(a, b ?? a), none)

/** The least of 1, 2, 5, 10, ... times a power of ten that is not below. */
function niceTop(value: number, least: number): number {
  const wanted = Math.max(value, least)
  const power = 10 ** Math.floor(Math.log10(wanted))
  return ([1, 2, 5, 10].find((step) => step * power >= wanted * 0.9999) ?? 10) * power
}

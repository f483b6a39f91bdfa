/**
 * The figures over time as a table, for those who read rather than look; filled while it is open.
 *
 * @module
 */
import type { MetricsSeries } from '../../client/types.ts'
import { amount, duration, percent } from '../format.ts'
import { make } from '../make.ts'
import { element } from '../node/dom.ts'
import { summarise } from './series.ts'
import type { Span } from './tiles.ts'

/** Rows of the series in one row of the table, and how many of those. */
const BY: Record<Span, { rows: number; stepMs: number; most: number }> = {
  live: { rows: 15, stepMs: 15_000, most: 20 },
  hour: { rows: 1, stepMs: 60_000, most: 60 },
}

export function showTable(series: MetricsSeries, span: Span, nowMs: number): void {
  if (!element('series', HTMLDetailsElement).open) return
  const { rows, stepMs, most } = BY[span]
  const total = series.demandPerS.length
  const made: HTMLElement[] = []
  for (let i = 0; i < most && i * rows < total; i++) {
    const one = summarise(series, rows, total - i * rows)
    const at = new Date(nowMs - i * stepMs).toLocaleTimeString('en-GB')
    const ratio = (value: number | null) => value === null ? '–' : percent(value)
    const time = (value: number | null) => value === null ? '–' : duration(value)
    made.push(make(
      'tr',
      {},
      make('th', { scope: 'row' }, at),
      ...[
        ...[amount(one.demandPerS), amount(one.servedPerS), ratio(one.accuracy)],
        ...[ratio(one.violationRatio), time(one.p50Ms), time(one.p95Ms), time(one.p99Ms)],
      ].map((text) => make('td', { class: 'number' }, text)),
    ))
  }
  element('series-rows').replaceChildren(...made)
}

/**
 * What was lent and what of it was in use over the last ten minutes. Kept in the page alone.
 *
 * @module
 */
import { createChart } from '../chart.ts'
import { element } from './dom.ts'

const STEP_MS = 2000
const ROWS = 300

/** In processors that are busy all the time. */
export interface Use {
  lent: number
  used: number
}

export interface UseChart {
  begin(): void
  /** As of now. */
  tell(use: Use): void
  end(): void
}

export function createUseChart(): UseChart {
  const chart = createChart('Processors in use, of those lent, over the last ten minutes')
  element('use-chart').append(chart.element)
  const rows: Use[] = []
  let latest: Use = { lent: 0, used: 0 }
  let timer: ReturnType<typeof setInterval> | undefined
  let dueMs = 0

  function step(): void {
    // The timers of a page that is out of view may come once a minute.
    for (const nowMs = performance.now(); dueMs <= nowMs; dueMs += STEP_MS) rows.push(latest)
    rows.splice(0, rows.length - ROWS)
    if (document.hidden) return
    const most = Math.max(0.01, ...rows.map(({ lent }) => lent))
    chart.show({
      lines: [
        { name: 'used', values: rows.map(({ used }) => used), area: true },
        { name: 'lent', values: rows.map(({ lent }) => lent) },
      ],
      rows: ROWS,
      from: 0,
      to: most,
      since: '10 min ago',
      labels: [`${Number(most.toFixed(2))} lent`, '0'],
    })
  }

  return {
    begin() {
      rows.length = 0
      dueMs = performance.now()
      clearInterval(timer)
      timer = setInterval(step, STEP_MS)
      step()
    },
    tell(use) {
      latest = use
    },
    end: () => clearInterval(timer),
  }
}

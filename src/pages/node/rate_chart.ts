/**
 * What was done lately, as a small chart: a point a second.
 *
 * @module
 */
import { createChart } from '../chart.ts'
import { amount } from '../format.ts'
import { element } from './dom.ts'

const ROWS = 120
const STEP_MS = 1000

export interface RateChart {
  begin(): void
  /** The rate as of now. */
  tell(itemsPerS: number): void
  end(): void
}

export function createRateChart(): RateChart {
  const chart = createChart('Parts a second, over the last two minutes')
  element('rate-chart').append(chart.element)
  const values: number[] = []
  let latest = 0
  let timer: ReturnType<typeof setInterval> | undefined

  function step(): void {
    values.push(latest)
    if (values.length > ROWS) values.shift()
    if (document.hidden) return
    const most = Math.max(1, ...values)
    chart.show({
      lines: [{ name: 'served', values, area: true }],
      rows: ROWS,
      from: 0,
      to: most,
      since: '2 min ago',
      labels: [`${amount(most)} /s`, '0'],
    })
  }

  return {
    begin() {
      values.length = latest = 0
      clearInterval(timer)
      timer = setInterval(step, STEP_MS)
      step()
    },
    tell(itemsPerS) {
      latest = itemsPerS
    },
    end: () => clearInterval(timer),
  }
}

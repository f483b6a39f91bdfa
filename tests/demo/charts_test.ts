/** Curves of the demo's page: the share of some seconds is that of all who asked in them. */
import assert from 'node:assert/strict'
import type { Second } from '../../demo/load/tally.ts'
import type { DemoRecord } from '../../demo/record.ts'
import { charts, SMOOTH_S } from '../../demo/report_charts.ts'

const second = (asked: number, onTime: number, accuracy: number): Second => ({
  ...{ asked, onTime, late: asked - onTime, refused: 0, accuracy, p95Ms: 10 },
})

/** Height of the line's last point, over that of the point before: in shares of the axis. */
function stepOf(title: string, last: Second): number {
  const before = Array.from({ length: SMOOTH_S }, () => second(99, 99, 1))
  const played = [{
    ...{ policy: 'shoal', events: [], activeNodes: [], presentNodes: [] },
    result: { seconds: [...before, last] },
  }]
  const record = { played, sloMs: 100, capacity: { bestAccuracy: 1 } } as unknown as DemoRecord
  const part = charts(record).split('<figcaption>').find((one) => one.startsWith(title))!
  const [path = ''] = /<path d="[^"]*"/.exec(part)!
  const [from, to] = [...path.matchAll(/[ML][\d.]+ ([\d.]+)/g)].slice(-2).map(([, y]) => Number(y))
  const grid = [...part.split('</svg>')[0]!.matchAll(/class="grid"[^>]* y1="([\d.]+)"/g)]
  const heights = grid.map(([, y]) => Number(y))
  return Math.abs(to! - from!) / (Math.max(...heights) - Math.min(...heights))
}

Deno.test('one who was lost or served badly alone in a second weighs as one in its curve', () => {
  assert.ok(stepOf('Violations', second(1, 0, 0)) < 0.01)
  assert.ok(stepOf('Violations', second(99, 0, 0)) > 0.3)
  const [alone, all] = [second(1, 1, 0.5), second(99, 99, 0.5)].map((one) =>
    stepOf('Accuracy', one)
  )
  assert.ok(alone! < all! / 10)
})

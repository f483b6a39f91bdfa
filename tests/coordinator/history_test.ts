/** What the pool did of late, as `GET /v1/history` and `/v1/events` tell it. */
import assert from 'node:assert/strict'
import { createEventFeed, type Standing } from '../../src/coordinator/apis/v1/event_feed.ts'
import { createLatencyHistogram } from '../../src/coordinator/observe/latency_histogram.ts'
import type { HistoryInfo, NodeInfo, NodesEvent, WorkEvent } from '../../src/client/types.ts'
import { createRandom } from '../../src/sim/random.ts'
import { ask, joinScripted, untilReady, withCoordinator } from './fixture.ts'

Deno.test('percentiles are within 2.5 % of the exact ones', () => {
  const random = createRandom(7)
  const values = Array.from({ length: 5000 }, () => Math.exp(1 + 8 * random()))
  const histogram = createLatencyHistogram()
  for (const value of values) histogram.add(value)
  values.sort((a, b) => a - b)
  const { p50Ms, p95Ms, p99Ms } = histogram.percentiles()!
  for (const [told, share] of [[p50Ms, 0.5], [p95Ms, 0.95], [p99Ms, 0.99]] as const) {
    const exact = values[Math.ceil(share * values.length) - 1]!
    // And what is lost by writing a tenth of a millisecond.
    assert.ok(Math.abs(told / exact - 1) <= 0.026, `${told} for ${exact}`)
  }
  histogram.clear()
  assert.equal(histogram.percentiles(), null)
  histogram.add(1e9)
  assert.ok(histogram.percentiles()!.p99Ms >= 600_000, 'the longest there is')
})

Deno.test('history tells of queries by the second and the minute, and why the plan changed', () =>
  withCoordinator(async (coordinator) => {
    const read = async (): Promise<HistoryInfo> =>
      await (await fetch(`${coordinator.url}/v1/history`)).json()
    await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    // Counts begin with the first row.
    let history = await read()
    while (history.seconds.pipelines['words'] === undefined) history = await read()
    for (let i = 0; i < 20; i++) await (await ask(coordinator)).body?.cancel()
    const total = (rows: number[]) => rows.reduce((sum, row) => sum + row, 0)
    // A row that came late, by up to half a second, tells a lower rate.
    while (total(history.seconds.pipelines['words']!.servedPerS) < 13) history = await read()
    const { seconds, minutes, plans } = history
    const series = seconds.pipelines['words']!
    const { length } = series.demandPerS
    assert.ok(length > 0 && Object.values(series).every((column) => column.length === length))
    assert.ok(series.accuracy.at(-1)! > 0.3)
    assert.equal(series.violationRatio.at(-1), 0)
    assert.ok(series.p50Ms.at(-1)! > 0 && series.p50Ms.at(-1)! <= series.p99Ms.at(-1)!)
    const [minute] = minutes.pipelines['words']!.servedPerS
    assert.ok(minute! > 0, 'the minute under way is told')
    assert.ok(plans.length > 0 && plans.every(({ agoMs, reason }) => agoMs >= 0 && reason !== ''))
    // What stays as it is is told once, however many seconds it does.
    while (history.seconds.pipelines['words']!.demandPerS.length < length + 2) {
      history = await read()
    }
    const told = history.plans.map(({ mode, reason, awake, standby, resting }) =>
      [mode, reason, awake, standby, resting].join()
    )
    assert.ok(told.every((one, i) => one !== told[i - 1]), told.join('; '))
  }))

const node = (id: string, state: string, kind: string): NodeInfo =>
  ({ id, name: id, state, class: kind, pausedBy: null }) as unknown as NodeInfo

const standing = (atMs: number, nodes: NodeInfo[], items: Record<string, number>): Standing => ({
  ...{ atMs, nodes, items, pipelines: {}, latency: {} },
  energy: { awakeNodeS: 0, busySlotS: 0, modelledJ: 0, modelledW: 0, pipelines: {} },
  plan: {
    ...{ epoch: 1, mode: 'hardware', objective: 0, bound: 0, gap: 0, reason: '', solveMs: 0 },
    ...{ mix: [], instances: [], awake: 0, standby: 0, resting: 0, rulings: [] },
  },
})

/** All that a listener hears of a kind while things stand so. */
function heard<T>(feed: ReturnType<typeof createEventFeed>, now: Standing, kind: string): T[] {
  const events: T[] = []
  for (let next = feed(now); next !== undefined; next = feed(now)) {
    if (next.event === kind) events.push(next.data as T)
  }
  return events
}

Deno.test('work tells the items since the last word, and once when there are none any more', () => {
  const feed = createEventFeed()
  const at = (atMs: number, items: Record<string, number>) =>
    heard<WorkEvent>(feed, standing(atMs, [], items), 'work')
  assert.deepEqual(at(0, { a: 10, b: 3 }), [])
  assert.deepEqual(at(4000, { a: 12, b: 3 }), [])
  assert.deepEqual(at(5000, { a: 14, b: 3 }), [{ passedMs: 5000, items: { a: 4 } }])
  // One that left and came back counts from nothing.
  assert.deepEqual(at(10_000, { a: 2, b: 3 }), [{ passedMs: 5000, items: { a: 2 } }])
  assert.deepEqual(at(15_000, { a: 2, b: 3 }), [{ passedMs: 5000, items: {} }])
  assert.deepEqual(at(20_000, { a: 2, b: 3 }), [])
})

Deno.test('the first word of work tells that there was none, too', () => {
  const feed = createEventFeed()
  const at = (atMs: number) => heard<WorkEvent>(feed, standing(atMs, [], { a: 10 }), 'work')
  assert.deepEqual([0, 5000, 10_000].map(at), [[], [{ passedMs: 5000, items: {} }], []])
})

Deno.test('node tells of another class, too', () => {
  const feed = createEventFeed()
  const at = (atMs: number, ...nodes: NodeInfo[]) =>
    heard<NodesEvent>(feed, standing(atMs, nodes, {}), 'node')
      .flatMap(({ nodes }) => nodes.map((one) => [one.id, one.change, one.class]))
  assert.deepEqual(at(0, node('a', 'standby', 'new')), [['a', 'joined', 'new']])
  assert.deepEqual(at(300, node('a', 'standby', 'new')), [])
  assert.deepEqual(at(600, node('a', 'standby', 'class-1')), [['a', 'state', 'class-1']])
  assert.deepEqual(at(900), [['a', 'left', null]])
})

Deno.test('node tells of another name, too: who listens slowly misses that it left and came back', () => {
  const feed = createEventFeed()
  const at = (atMs: number, name: string) =>
    heard<NodesEvent>(
      feed,
      standing(atMs, [{ ...node('a', 'standby', 'new'), name }], {}),
      'node',
    )
      .flatMap(({ nodes }) => nodes.map((one) => [one.change, one.name]))
  assert.deepEqual(at(0, 'old'), [['joined', 'old']])
  assert.deepEqual(at(300, 'old'), [])
  assert.deepEqual(at(600, 'new'), [['state', 'new']])
})

Deno.test('node tells of another reason for a pause, too', () => {
  const feed = createEventFeed()
  const at = (atMs: number, pausedBy: string) =>
    heard<NodesEvent>(
      feed,
      standing(atMs, [{ ...node('a', 'paused', 'new'), pausedBy }], {}),
      'node',
    )
      .flatMap(({ nodes }) => nodes.map((one) => [one.change, one.pausedBy]))
  assert.deepEqual(at(0, 'pressure'), [['joined', 'pressure']])
  assert.deepEqual(at(300, 'pressure'), [])
  // As when its volunteer goes on, and it is held from here still.
  assert.deepEqual(at(600, 'coordinator'), [['paused', 'coordinator']])
})

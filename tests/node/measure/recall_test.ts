/** What an earlier time measured: believed once a run of each task agrees, else given up. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { AGREES_WITHIN, type Remembered } from '../../../src/node/measure/recall.ts'
import type { KeptRow } from '../../../src/node/measure/figures.ts'
import type { ProfilerOptions, RecallVerdict } from '../../../src/node/measure/profiler.ts'
import { profileScene } from './profile_scene.ts'

const THEN = '2026-03-01T12:00:00.000Z'
const pointsOf = (ms: number) => [1, 2, 4, 8].map((batch) => ({ batch, latencyMs: ms * batch }))

/** A scene whose variants took `then` when they were last measured. */
function scene(
  now: { [key: string]: number },
  then: { [key: string]: number },
  options: Partial<ProfilerOptions> = {},
) {
  const verdicts: RecallVerdict[] = []
  const kept: ReadonlyMap<string, KeptRow>[] = []
  const remembered: Remembered = (key) => {
    const ms = then[key]
    if (ms === undefined) return undefined
    return { measuredAt: THEN, points: pointsOf(ms), beyondMs: 0, singly: false }
  }
  const made = profileScene(now, {
    recall: () => Promise.resolve(remembered),
    recalled: (verdict) => void verdicts.push(verdict),
    keep: (rows) => void kept.push(rows),
    ...options,
  })
  return { ...made, verdicts, kept }
}

const NOW = { 'p/find/a': 10, 'p/find/b': 40, 'p/read/c': 5, 'p/read/d': 20 }

Deno.test('profiler takes over remembered figures after one run of each task', async () => {
  const then = { 'p/find/a': 11, 'p/find/b': 41, 'p/read/c': 4, 'p/read/d': 21 }
  const { clock, profiler, runs, told, verdicts, kept } = scene(NOW, then)
  profiler.again()
  for (const key of Object.keys(NOW)) profiler.add(key, undefined, undefined)
  profiler.kick()
  await clock.advance(60_000)
  deepEqual(runs, ['p/read/c1', 'p/find/a1'], 'the quickest of each task, and nothing else')
  deepEqual(
    told(),
    Object.fromEntries(Object.entries(then).map(([key, ms]) => [key, pointsOf(ms)])),
  )
  deepEqual(verdicts.map(({ used }) => used), [true])
  deepEqual(kept, [], 'nothing new to be kept')
})

for (
  const [what, then] of [
    ['slower', 10 / AGREES_WITHIN - 0.1],
    ['quicker', 10 * AGREES_WITHIN + 0.1],
  ] as const
) {
  Deno.test(`profiler measures all anew where a run is much ${what} than remembered`, async () => {
    const wrong = { ...NOW, 'p/find/a': then }
    const { clock, profiler, runs, told, verdicts, kept } = scene(NOW, wrong)
    profiler.again()
    for (const key of Object.keys(NOW)) profiler.add(key, undefined, undefined)
    profiler.kick()
    await clock.advance(60_000)
    equal(verdicts.at(-1)?.used, false)
    match(verdicts.at(-1)!.reason, /^p\/find\/a takes 10\.0 ms, \d+\.\d ms on 2026-03-01$/)
    equal(runs.filter((run) => run === 'p/read/d1').length, 20)
    deepEqual(told()['p/find/a'], pointsOf(10))
    deepEqual(told()['p/read/c'], pointsOf(5))
    equal(kept.at(-1)?.get('p/find/a')?.measuredAt, undefined)
  })
}

Deno.test('profiler believes a task under load when a variant took its time while loading', async () => {
  const { clock, profiler, runs, told, state, verdicts } = scene(NOW, NOW)
  state.holdOffMs = undefined
  profiler.again()
  await clock.advance(0)
  // Still being compiled: says nothing.
  profiler.add('p/find/a', 35, undefined)
  equal(verdicts.length, 0)
  profiler.add('p/find/b', 45, undefined)
  deepEqual(told()['p/find/a'], pointsOf(10))
  deepEqual(told()['p/find/b'], pointsOf(40))
  equal(verdicts.length, 1)
  equal(told()['p/read/c'], undefined)
  profiler.add('p/read/c', 50, undefined)
  deepEqual(told()['p/read/c'], [{ batch: 1, latencyMs: 50 }], 'a first figure, no more')
  deepEqual(runs, [])
})

Deno.test('profiler measures what was not remembered, and keeps all with its date', async () => {
  const then = { 'p/find/a': 10, 'p/read/c': 5 }
  const { clock, profiler, runs, told, kept } = scene(NOW, then)
  profiler.again()
  for (const key of Object.keys(NOW)) profiler.add(key, undefined, undefined)
  profiler.kick()
  await clock.advance(60_000)
  deepEqual(told()['p/find/b']?.[0], { batch: 1, latencyMs: 40 })
  equal(runs.filter((run) => run === 'p/find/a1').length, 1)
  const last = kept.at(-1)!
  equal(last.get('p/find/a')?.measuredAt, THEN)
  equal(last.get('p/find/b')?.measuredAt, undefined, 'measured now')
})

Deno.test('profiler asks again what is remembered when another engine runs the variants', async () => {
  let asked = 0
  const { clock, profiler } = profileScene(NOW, {
    recall: () => {
      asked++
      return Promise.resolve(undefined)
    },
  })
  profiler.again()
  profiler.again()
  await clock.advance(0)
  equal(asked, 1)
  profiler.reset()
  equal(asked, 2)
})

Deno.test('profiler checks no task on a variant that takes more than a second when warm', async () => {
  const { clock, profiler, runs, verdicts } = scene({ ...NOW, 'p/find/a': 1500 }, NOW)
  profiler.again()
  profiler.add('p/find/a', 1500, undefined)
  for (const key of Object.keys(NOW).slice(1)) profiler.add(key, undefined, undefined)
  profiler.kick()
  await clock.advance(60_000)
  deepEqual(runs, ['p/read/c1', 'p/find/b1'], 'the next quickest of its task instead')
  equal(verdicts.at(-1)?.used, true)
})

Deno.test('profiler tells anew what it measures after figures of before were given up', async () => {
  const { clock, profiler, told, reports } = scene(NOW, { ...NOW, 'p/find/a': 6 })
  profiler.again()
  // As they are while code is being compiled.
  for (const [key, ms] of Object.entries(NOW)) profiler.add(key, 3 * ms, undefined)
  profiler.kick()
  await clock.advance(60_000)
  const single = reports.flatMap((report) => report['p/read/c']?.[0]?.latencyMs ?? [])
  deepEqual(single.slice(0, 4), [15, 5, 15, 5], 'loaded, believed, given up, measured')
  deepEqual(told()['p/read/c'], pointsOf(5))
  deepEqual(told()['p/find/a'], pointsOf(10))
})

Deno.test('profiler rests between the runs that check', async () => {
  const { clock, profiler, runs } = scene(NOW, NOW, { duty: () => 0.5 })
  profiler.again()
  for (const key of Object.keys(NOW)) profiler.add(key, undefined, undefined)
  profiler.kick()
  await clock.advance(19)
  deepEqual(runs, ['p/read/c1'])
  await clock.advance(1)
  deepEqual(runs, ['p/read/c1', 'p/find/a1'])
})

Deno.test('profiler believes what was loaded before the memory was read', async () => {
  const { profiler, clock, told, state } = scene(NOW, NOW)
  state.holdOffMs = undefined
  profiler.again()
  profiler.add('p/find/b', 45, undefined)
  equal(told()['p/find/b'], undefined)
  await clock.advance(0)
  deepEqual(told()['p/find/b'], pointsOf(40))
})

Deno.test('profiler gives up what is remembered where a run of it fails again and again', async () => {
  const ran: string[] = []
  const { clock, profiler, verdicts, state } = scene(NOW, NOW, {
    measure: (key) => Promise.resolve(void ran.push(key)),
  })
  profiler.again()
  profiler.add('p/find/a', undefined, undefined)
  await clock.advance(0)
  // Work came: that it gave way says nothing.
  let asked = 0
  Object.defineProperty(state, 'holdOffMs', { get: () => asked++ % 2 === 0 ? 0 : 50 })
  profiler.kick()
  await clock.advance(1000)
  ok(ran.length > 3)
  equal(verdicts.length, 0)
  Object.defineProperty(state, 'holdOffMs', { get: () => 0 })
  await clock.advance(1000)
  deepEqual(verdicts.map(({ used }) => used), [false])
  match(verdicts[0]!.reason, /^p\/find\/a cannot be run/)
})

Deno.test('profiler measures on another engine once it knows what is remembered of that', async () => {
  const asked: ((remembered?: Remembered) => void)[] = []
  let moved = false
  const { clock, profiler, runs, told } = scene(NOW, NOW, {
    recall: () => new Promise((resolve) => void asked.push(resolve)),
    detour() {
      if (moved) return Promise.resolve('done')
      moved = true
      profiler.reset()
      profiler.add('p/find/a', undefined, undefined)
      return Promise.resolve('disturbed')
    },
  })
  const remember = (ms: number): Remembered => () => ({
    ...{ measuredAt: THEN, points: pointsOf(ms), beyondMs: 0, singly: false },
  })
  profiler.again()
  profiler.add('p/find/a', undefined, undefined)
  profiler.kick()
  await clock.advance(1000)
  deepEqual(runs, [])
  asked[0]!()
  await clock.advance(1000)
  deepEqual([runs.splice(0), moved], [['p/find/a1', 'p/find/a1', 'p/find/a1'], true])
  asked[1]!(remember(9))
  await clock.advance(60_000)
  deepEqual(runs, ['p/find/a1'])
  deepEqual(told()['p/find/a'], pointsOf(9))
  profiler.reset()
  profiler.reset()
  profiler.add('p/find/a', undefined, undefined)
  asked[3]!(remember(11))
  await clock.advance(0)
  // Of an engine that is gone.
  asked[2]!(remember(9))
  profiler.kick()
  await clock.advance(60_000)
  deepEqual(told()['p/find/a'], pointsOf(11))
})

Deno.test('profiler remembers that items run one by one', async () => {
  const { clock, profiler, state, kept } = scene(NOW, {})
  state.singly = true
  profiler.again()
  profiler.add('p/find/a', undefined, undefined)
  profiler.kick()
  await clock.advance(60_000)
  const row = kept.at(-1)!.get('p/find/a')!
  deepEqual([row.singly, row.points], [true, [{ batch: 1, latencyMs: 10 }]])
  const then: Remembered = () => ({ ...row, measuredAt: THEN })
  const next = scene(NOW, {}, { recall: () => Promise.resolve(then) })
  next.profiler.again()
  next.profiler.add('p/find/a', undefined, undefined)
  next.profiler.kick()
  await next.clock.advance(60_000)
  deepEqual(next.runs, ['p/find/a1'])
  deepEqual(next.told(), { 'p/find/a': row.points })
})

import { deepEqual, equal, ok } from 'node:assert/strict'
import type { ProfilePoint } from '../../../src/node/measure/profiler.ts'
import { profileScene as scene } from './profile_scene.ts'

Deno.test('profiler corrects first figures by the least slowed variant', () => {
  const { profiler, reports } = scene({})
  profiler.add('a', 300, 50)
  deepEqual(reports, [])
  profiler.add('b', 120, 100)
  // b says that this machine takes 1.2 times the reference; a was still being compiled.
  deepEqual(reports, [{ a: [{ batch: 1, latencyMs: 60 }], b: [{ batch: 1, latencyMs: 120 }] }])
})

Deno.test('profiler measures all quickly before any thoroughly, then settles', async () => {
  const { clock, profiler, runs, reports } = scene({ a: 10, b: 100 })
  profiler.add('a', undefined, undefined)
  profiler.add('b', undefined, undefined)
  profiler.kick()
  await clock.advance(60_000)
  deepEqual(new Set(runs.slice(0, 6)), new Set(['a1', 'b1']))
  deepEqual(reports[0], {
    a: [{ batch: 1, latencyMs: 10 }],
    b: [{ batch: 1, latencyMs: 100 }],
  })
  const count = (run: string) => runs.filter((other) => other === run).length
  equal(count('a1'), 20)
  // An item takes no less in a larger batch.
  equal(count('a8'), 7)
  equal(count('b2'), 7)
  // Four items of b would hold up a real batch for too long.
  equal(count('b4'), 0)
  const last = Object.assign({}, ...reports)
  deepEqual(last.a.map(({ latencyMs }: ProfilePoint) => latencyMs), [10, 20, 40, 80])
  // What was said once and has not changed is not said again.
  const points = reports.flatMap((report) => Object.values(report).flat())
  ok(points.length < 20)
})

Deno.test('profiler settles sizes while an item takes less in them, also where that shows late', async () => {
  const runs: number[] = []
  const { clock, profiler, told } = scene({}, {
    measure: (_, batch) =>
      new Promise((resolve) => {
        // Two at once are quicker from the start, four only once all is compiled, eight never.
        const each = batch === 1 ? 10 : batch === 2 ? 8 : batch === 8 ? 7 : runs.length < 16 ? 9 : 6
        runs.push(batch)
        clock.after(each * batch, () => resolve({ runMs: each * batch, rows: batch }))
      }),
  })
  profiler.add('a', undefined, undefined)
  profiler.kick()
  await clock.advance(60_000)
  const count = (batch: number) => runs.filter((other) => other === batch).length
  deepEqual([1, 2, 4, 8].map(count), [20, 20, 20, 7])
  deepEqual(told().a?.map(({ latencyMs }) => latencyMs), [10, 16, 24, 56])
})

Deno.test('profiler believes no run in which the machine slept', async () => {
  const { clock, profiler, runs, told } = scene({ a: 10 }, {
    measure: (_, batch) =>
      new Promise((resolve) => {
        const runMs = runs.length === 0 ? 90_000 : 10 * batch
        runs.push(`a${batch}`)
        clock.after(runMs, () => resolve({ runMs, rows: batch }))
      }),
  })
  profiler.add('a', undefined, undefined)
  profiler.kick()
  await clock.advance(180_000)
  equal(runs.filter((run) => run === 'a1').length, 20)
  deepEqual(told().a?.map(({ latencyMs }) => latencyMs), [10, 20, 40, 80])
})

Deno.test('profiler keeps off while there is work and goes on when kicked', async () => {
  const { clock, profiler, runs, state } = scene({ a: 10 })
  state.holdOffMs = undefined
  profiler.add('a', undefined, undefined)
  profiler.kick()
  await clock.advance(1000)
  equal(runs.length, 0)
  state.holdOffMs = 0
  profiler.kick()
  await clock.advance(15)
  equal(runs.length, 1)
  profiler.stop()
  await clock.advance(1000)
  ok(runs.length <= 2)
})

Deno.test('profiler keeps what it measured when it is stopped, and nothing after that', async () => {
  const kept: (number[] | undefined)[] = []
  const { clock, profiler, runs, reports } = scene({ a: 10 }, {
    batches: [1, 2],
    keep: (rows) => void kept.push(rows.get('a')?.points.map(({ batch }) => batch)),
  })
  profiler.add('a', undefined, undefined)
  profiler.kick()
  await clock.advance(95)
  deepEqual(runs, ['a1', 'a1', 'a1', 'a2', 'a2', 'a2'])
  deepEqual([kept, reports.length], [[[1]], 1])
  profiler.stop()
  deepEqual(kept, [[1], [1, 2]])
  // The run that was under way ends; whoever stopped it may have let go of where it would be kept.
  await clock.advance(60_000)
  equal(runs.length, 7)
  profiler.again()
  deepEqual([kept.length, reports.length], [2, 1])
})

Deno.test('profiler knows what takes items one by one', async () => {
  const { clock, profiler, runs, reports, state } = scene({ a: 10 })
  state.singly = true
  profiler.add('a', undefined, undefined)
  profiler.kick()
  await clock.advance(60_000)
  equal(runs.filter((run) => run !== 'a1').length, 1)
  deepEqual(Object.assign({}, ...reports).a, [{ batch: 1, latencyMs: 10 }])
})

Deno.test('profiler adds what real batches take beyond the model, then leaves it to them', async () => {
  const { clock, profiler, reports } = scene({ a: 10 })
  profiler.add('a', undefined, undefined)
  profiler.kick()
  await clock.advance(31)
  for (let i = 0; i < 3; i++) profiler.ran('a', 2, 30)
  await clock.advance(10_000)
  deepEqual(reports.at(-1)!.a!.slice(0, 2), [
    { batch: 1, latencyMs: 15 },
    { batch: 2, latencyMs: 30 },
  ])
  const before = reports.length
  for (let i = 0; i < 3; i++) profiler.ran('a', 2, 90)
  profiler.kick()
  await clock.advance(10_000)
  equal(reports.length, before)
})

Deno.test('profiler gives up on a variant that cannot be measured', async () => {
  let tries = 0
  const { clock, profiler } = scene({}, {
    measure: () => {
      tries++
      return Promise.resolve(undefined)
    },
    batches: [1],
  })
  profiler.add('a', undefined, undefined)
  profiler.kick()
  await clock.advance(1000)
  equal(tries, 3)
})

Deno.test('profiler measures, once idle, what no batch of a constant load was like', async () => {
  const { clock, profiler, runs, state, told } = scene({ a: 10, b: 5 })
  state.holdOffMs = undefined
  profiler.add('a', undefined, undefined)
  profiler.add('b', undefined, undefined)
  for (let i = 0; i < 50; i++) profiler.ran('a', 2, 30)
  profiler.kick()
  await clock.advance(1000)
  equal(runs.length, 0)
  state.holdOffMs = 0
  profiler.kick()
  await clock.advance(60_000)
  // What batches showed is not measured again, and stands as they showed it.
  equal(runs.includes('a2'), false)
  deepEqual(told(), {
    a: [[1, 15], [2, 30], [4, 60], [8, 120]].map(([batch, latencyMs]) => ({ batch, latencyMs })),
    b: [[1, 5], [2, 10], [4, 20], [8, 40]].map(([batch, latencyMs]) => ({ batch, latencyMs })),
  })
})

Deno.test('profiler leaves alone what takes more than a second when warm', async () => {
  const { clock, profiler, runs, told } = scene({ a: 10, b: 1500 })
  profiler.add('a', 12, undefined)
  profiler.add('b', 1500, undefined)
  profiler.kick()
  await clock.advance(60_000)
  equal(runs.filter((run) => run.startsWith('b')).length, 0)
  deepEqual(told()['b'], [{ batch: 1, latencyMs: 1500 }])
})

Deno.test('profiler adds what is done beside the model, until real batches tell better', async () => {
  const { clock, profiler, state, told } = scene({ a: 10 })
  state.besideMs = 4
  profiler.add('a', undefined, undefined)
  profiler.kick()
  await clock.advance(10_000)
  deepEqual(told()['a'], [1, 2, 4, 8].map((batch) => ({ batch, latencyMs: 14 * batch })))
  profiler.ran('a', 1, 30)
  profiler.kick()
  await clock.advance(10_000)
  deepEqual(told()['a']![0], { batch: 1, latencyMs: 30 })
  deepEqual(told()['a']![3], { batch: 8, latencyMs: 240 })
})

Deno.test('profiler knows what batches have beyond the model, also where all were of one item', async () => {
  const { clock, profiler, state, told } = scene({ a: 10 })
  state.holdOffMs = undefined
  profiler.add('a', undefined, undefined)
  for (let i = 0; i < 50; i++) profiler.ran('a', 1, 30)
  state.holdOffMs = 0
  profiler.kick()
  await clock.advance(60_000)
  deepEqual(told()['a'], [1, 2, 4, 8].map((batch) => ({ batch, latencyMs: 30 * batch })))
})

Deno.test('profiler runs one at a time, however often it is kicked', async () => {
  const { clock, profiler, runs } = scene({ a: 10 })
  profiler.add('a', undefined, undefined)
  for (let i = 0; i < 3; i++) profiler.kick()
  await clock.advance(25)
  deepEqual(runs, ['a1', 'a1'])
})

Deno.test('profiler knows nothing of a variant that was unloaded', async () => {
  const latencyMs = { a: 10, b: 10 }
  const { clock, profiler, runs, state, told } = scene(latencyMs)
  state.besideMs = 5
  for (const key of ['a', 'b']) profiler.add(key, 1500, undefined)
  for (let i = 0; i < 5; i++) profiler.ran('a', 1, 30)
  for (const key of ['a', 'b']) profiler.remove(key)
  profiler.add('a', undefined, undefined)
  profiler.kick()
  await clock.advance(60_000)
  state.besideMs = 0
  deepEqual(told()['a']![0], { batch: 1, latencyMs: 15 })
  equal(runs.filter((run) => run.startsWith('b')).length, 0)
  // Another model has its name now.
  latencyMs.a = 3
  profiler.remove('a')
  profiler.add('a', undefined, undefined)
  profiler.kick()
  await clock.advance(60_000)
  deepEqual(told()['a']![0], { batch: 1, latencyMs: 3 })
})

Deno.test('profiler forgets every figure when another engine runs the variants', async () => {
  const latencyMs = { a: 10, b: 20 }
  const { clock, profiler, state, told } = scene(latencyMs)
  for (const key of ['a', 'b']) profiler.add(key, 20, 100)
  profiler.ran('a', 1, 30)
  profiler.kick()
  await clock.advance(60_000)
  deepEqual(told()['a']![0], { batch: 1, latencyMs: 30 })
  state.holdOffMs = undefined
  profiler.reset()
  deepEqual(profiler.byLatency(), [])
  for (const key of ['a', 'b']) profiler.add(key, 200, 100)
  deepEqual(told()['b'], [{ batch: 1, latencyMs: 200 }])
  state.holdOffMs = 0
  profiler.kick()
  await clock.advance(60_000)
  deepEqual(told()['a']![0], { batch: 1, latencyMs: 10 })
})

Deno.test('profiler goes on where a variant is unloaded while it is measured', async () => {
  const { clock, profiler, runs, state, told } = scene({ a: 10, b: 10 })
  state.singly = true
  profiler.add('a', undefined, undefined)
  profiler.kick()
  await clock.advance(35)
  deepEqual(runs, ['a1', 'a1', 'a1'])
  profiler.remove('a')
  profiler.add('b', undefined, undefined)
  await clock.advance(60_000)
  equal(runs[3], 'a2')
  deepEqual(told()['b'], [{ batch: 1, latencyMs: 10 }])
})

import assert from 'node:assert/strict'
import { fixture } from './tab_scene.ts'

Deno.test('a tab hands the choices and the token to its node', async () => {
  const { options } = await fixture()
  const { name, token, threads, duty, backend, gpu, code } = options()
  assert.deepEqual({ name, token, threads, duty, backend, gpu, code }, {
    ...{ name: 'tab', token: 'secret', threads: 2, duty: 0.5, backend: 'auto', gpu: true },
    code: false,
  })
  const other = (await fixture({ code: true, threadsPerRun: 2 })).options()
  assert.deepEqual([other.code, other.threadsPerRun], [true, 2])
})

Deno.test('a tab tells its page at most four times a second, and lastly what is so', async () => {
  const { watch, seen, pass } = await fixture()
  for (let i = 1; i <= 500; i++) {
    watch.emit({ type: 'batch', variant: 'v', items: 2, computeMs: 1 }, { items: 2 * i })
    pass(2)
  }
  assert.ok(seen.length <= 5, `${seen.length} snapshots in a second`)
  pass(250)
  assert.equal(seen.at(-1)?.state.items, 1000)
  assert.ok(seen.at(-1)!.itemsPerS > 500)
  pass(20_000)
  assert.equal(seen.at(-1)?.itemsPerS, 0, 'the rate falls when work ends')
  const told = seen.length
  pass(60_000)
  assert.equal(seen.length, told, 'where nothing happens nothing is told')
})

Deno.test('a tab tells its page when another build may be there: on joining anew', async () => {
  const { watch, calls } = await fixture()
  watch.emit({ type: 'joined', epoch: 1 })
  watch.emit({ type: 'lost', reason: 'gone', retryMs: 1 })
  assert.deepEqual(calls, [])
  watch.emit({ type: 'joined', epoch: 2 })
  assert.deepEqual(calls, ['may be old'])
  const refusal = { reason: 'protocol', message: 'too old' } as const
  watch.emit({ type: 'refused', refusal })
  assert.deepEqual(calls, ['may be old', 'may be old'])
  watch.emit({ type: 'refused', refusal: { ...refusal, reason: 'replaced' } })
  assert.equal(calls.length, 2)
})

Deno.test('a hidden tab goes on, and says so', async () => {
  const { tab, calls, seen, pass } = await fixture()
  tab.signal({ type: 'hidden', hidden: true })
  pass(250)
  assert.deepEqual(calls, [])
  assert.equal(seen.at(-1)?.hidden, true)
})

Deno.test('a frozen or closed page leaves cleanly', async () => {
  const { tab, calls, seen, pass } = await fixture()
  tab.signal({ type: 'leave', why: 'the browser froze the tab' })
  pass(250)
  assert.deepEqual(calls, ['stop the browser froze the tab'])
  assert.equal(seen.at(-1)?.leftFor, 'the browser froze the tab')
  const other = await fixture()
  await other.tab.stop()
  assert.deepEqual(other.calls, ['stop stopped by the volunteer'])
})

Deno.test('a tab that is to pause when hidden does', async () => {
  const { tab, calls, seen, pass } = await fixture({ pauseWhenHidden: true })
  tab.signal({ type: 'hidden', hidden: true })
  pass(5250)
  assert.deepEqual(calls, ['pause hidden'])
  assert.equal(seen.at(-1)?.pausedBy, 'hidden')
  tab.signal({ type: 'hidden', hidden: false })
  pass(1250)
  assert.deepEqual(calls, ['pause hidden', 'resume'])
  assert.equal(seen.at(-1)?.pausedBy, undefined)
})

Deno.test('a tab pauses on battery where that was asked for, and goes on when plugged in', async () => {
  const asked = await fixture()
  asked.tab.signal({ type: 'battery', charging: false })
  asked.pass(250)
  assert.equal(asked.seen.at(-1)?.pausedBy, 'battery')
  asked.tab.signal({ type: 'battery', charging: true })
  asked.pass(10_000)
  assert.deepEqual(asked.calls, ['pause battery', 'resume'])

  const not = await fixture({ pauseOnBattery: false })
  not.tab.signal({ type: 'battery', charging: false })
  assert.deepEqual(not.calls, [])
})

Deno.test('a tab that was on battery before it joined joins on pause', async () => {
  const { calls } = await fixture({}, [{ type: 'battery', charging: false, level: 0.8 }])
  assert.deepEqual(calls, ['pause battery'])
})

Deno.test('plugging in does not end a pause of the volunteer', async () => {
  const { tab, calls, pass } = await fixture()
  tab.setPaused(true)
  tab.signal({ type: 'battery', charging: false })
  tab.signal({ type: 'battery', charging: true })
  pass(60_000)
  assert.deepEqual(calls, ['pause volunteer'])
  tab.setPaused(false)
  assert.deepEqual(calls, ['pause volunteer', 'resume'])
})

Deno.test('a tab on a link that may cost downloads the least, and no engine for the GPU', async () => {
  const metered = { type: 'link', metered: true } as const
  const { options } = await fixture({}, [metered])
  assert.equal(options().downloads, 'least')
  assert.equal(options().backend, 'wasm')
  assert.match(options().backendReason ?? '', /link that may cost/)

  const all = await fixture({ allModels: true, backend: 'webgpu' }, [metered])
  assert.equal(all.options().downloads, 'all')
  assert.equal(all.options().backend, 'webgpu', 'it was asked for')
  assert.equal(all.options().backendReason, undefined)

  const later = await fixture()
  assert.equal(later.options().downloads, 'all')
  later.tab.signal(metered)
  later.tab.signal({ ...metered, metered: false })
  assert.deepEqual(later.calls, ['downloads least', 'downloads all'])
})

Deno.test('a tab hands its budgets to its node', async () => {
  const { options } = await fixture()
  assert.equal(options().memoryBytes, 600e6)
  assert.equal(options().diskBytes, 100e6)
})

Deno.test('a download is shown while it is under way', async () => {
  const { watch, seen, pass } = await fixture()
  const progress = { type: 'progress', label: 'model', total: 10, elapsedMs: 1 } as const
  watch.emit({ ...progress, done: 5 })
  pass(250)
  assert.deepEqual(seen.at(-1)?.downloads, [{ label: 'model', done: 5, total: 10 }])
  watch.emit({ ...progress, done: 10 })
  pass(250)
  assert.deepEqual(seen.at(-1)?.downloads, [])
  watch.emit({ ...progress, done: 5 })
  watch.emit({ ...progress, done: 0, total: 0 })
  pass(250)
  assert.deepEqual(seen.at(-1)?.downloads, [], 'it came to nothing')
  watch.emit({ ...progress, done: 5 })
  watch.emit({ type: 'lost', reason: 'gone', retryMs: 1 })
  pass(250)
  assert.deepEqual(seen.at(-1)?.downloads, [], 'it ended with the link')
})

Deno.test('who is told to stop says how it left before it is over', async () => {
  const { tab, watch, seen, pass } = await fixture()
  const progress = { type: 'progress', label: 'model', total: 10, elapsedMs: 1 } as const
  watch.emit({ ...progress, done: 5 })
  pass(250)
  watch.emit({ type: 'batch', variant: 'v', items: 3, computeMs: 1 }, { items: 3 })
  await tab.stop()
  const { state, downloads } = seen.at(-1)!
  assert.deepEqual([state.phase, state.items, downloads], ['left', 3, []])
  const told = seen.length
  pass(1000)
  assert.equal(seen.length, told, 'once')
})

Deno.test('a load that failed is told in one line, once', async () => {
  const { watch, seen, pass } = await fixture()
  const failed = { type: 'load_failed', slot: 0, variant: 'ocr/detect/d1' } as const
  watch.emit({ ...failed, message: 'no room' })
  pass(250)
  assert.deepEqual(seen.at(-1)?.notes, ['Cannot load ocr/detect/d1: no room'])
})

Deno.test('a tab shows its last six notes, and each but once in a row', async () => {
  const { watch, seen, pass } = await fixture()
  for (const n of [1, 2, 3, 4, 5, 6, 7, 7]) watch.emit({ type: 'warning', message: `note ${n}` })
  watch.emit({ type: 'batch', variant: 'ocr/detect/d1', items: 1, computeMs: 1 })
  pass(250)
  assert.deepEqual(seen.at(-1)?.notes, [2, 3, 4, 5, 6, 7].map((n) => `note ${n}`))
})

Deno.test('a tab counts the time in which it was there to take work', async () => {
  const { tab, watch, seen, pass } = await fixture()
  const servedAfter = (ms: number) => {
    pass(ms)
    tab.signal({ type: 'hidden', hidden: false })
    pass(250)
    return Math.floor(seen.at(-1)!.servedMs / 1000)
  }
  assert.equal(servedAfter(10_000), 0)
  assert.equal(seen.at(-1)?.joined, false)
  watch.emit({ type: 'joined', epoch: 1 }, { phase: 'joined' })
  assert.equal(servedAfter(10_000), 10)
  assert.equal(seen.at(-1)?.joined, true)
  tab.setPaused(true)
  assert.equal(servedAfter(10_000), 10)
  tab.setPaused(false)
  assert.equal(servedAfter(10_000), 20)
  watch.emit({ type: 'lost', reason: 'gone', retryMs: 1 }, { phase: 'reconnecting' })
  assert.equal(servedAfter(10_000), 20)
  assert.equal(seen.at(-1)?.joined, true, 'it once had a link')
})

Deno.test('a tab shows the last batch that it ran', async () => {
  const { watch, seen, pass } = await fixture()
  const batch = { variant: 'ocr/detect/d1', items: 2, computeMs: 30 }
  watch.emit({ type: 'batch', ...batch })
  watch.emit({ type: 'warning', message: 'of something else' })
  pass(250)
  assert.deepEqual(seen.at(-1)?.last, batch)
})

Deno.test('a tab that was paused before it joined joins on pause', async () => {
  const { calls } = await fixture({}, [], true)
  assert.deepEqual(calls, ['pause volunteer'])
})

Deno.test('a tab keeps to its hours where that was asked for', async () => {
  const hours = { fromMinute: 9 * 60, untilMinute: 17 * 60 }
  const noon = { type: 'time', minute: 12 * 60 } as const
  const night = { type: 'time', minute: 1 } as const
  const kept = await fixture({ hours: { kept: true, ...hours } })
  for (const signal of [night, noon]) kept.tab.signal(signal)
  assert.deepEqual(kept.calls, ['pause hours', 'resume'])
  const any = await fixture({ hours: { kept: false, ...hours } }, [night])
  assert.deepEqual(any.calls, [])
})

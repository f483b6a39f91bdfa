/** When parts are due, how many are in the pool, and when all will be done. */
import assert from 'node:assert/strict'
import { Folder } from '../../../src/coordinator/jobs/folder.ts'
import { lastPace, writePart } from '../../../src/coordinator/jobs/part_files.ts'
import type { Task } from '../../../src/pipeline/schema.ts'
import type { Unit } from '../../../src/coordinator/jobs/types.ts'
import { expectedPerMs, Rate } from '../../../src/coordinator/jobs/estimate.ts'
import { dueOf, shareOf, Window } from '../../../src/coordinator/jobs/pace.ts'
import { JOBS } from '../../../src/coordinator/jobs/params.ts'
import { documents } from './scene.ts'

const HOUR_MS = 3600_000
const left = { nowMs: 0, byMs: 10 * HOUR_MS, createdMs: 0, parts: 10, inPool: 0, leastMs: 1000 }

Deno.test('parts are due one after another, the last by when the job is wanted', () => {
  const dues = Array.from({ length: 10 }, (_, inPool) => dueOf({ ...left, inPool }))
  assert.deepEqual(dues, dues.map((_, i) => (i + 1) * HOUR_MS))
  // Half an hour late, and half of them done: each has half an hour less.
  assert.equal(dueOf({ ...left, nowMs: 5.5 * HOUR_MS, parts: 5 }), 6.4 * HOUR_MS)
})

Deno.test('a part has its least time, be the job ever so late, and no more than messages carry', () => {
  assert.equal(dueOf({ ...left, nowMs: 20 * HOUR_MS }), 20 * HOUR_MS + 1000)
  assert.equal(dueOf({ ...left, byMs: 30 * 24 * HOUR_MS, parts: 1 }), JOBS.mostMs)
  assert.ok(JOBS.mostMs < 1e9)
})

Deno.test('a job that nobody waits for is spread over a day, and goes on after it', () => {
  assert.equal(dueOf({ ...left, byMs: null, parts: 24 }), HOUR_MS)
  const late = dueOf({ ...left, byMs: null, nowMs: 48 * HOUR_MS, parts: 1 })
  assert.equal(late, 49 * HOUR_MS)
})

Deno.test('parts count as much as of the pace of the pool is needed to be in time', () => {
  const job = (hours: number, pages: number) => ({ endMs: hours * HOUR_MS, pages })
  const perMs = 100 / HOUR_MS
  assert.equal(shareOf([job(10, 100)], perMs, 0), JOBS.margin / 10)
  // Those that are wanted later wait for those that are wanted before.
  assert.equal(shareOf([job(20, 300), job(10, 100)], perMs, 0), JOBS.margin * 4 / 20)
  assert.equal(shareOf([job(20, 10), job(1, 50)], perMs, 0), JOBS.margin / 2)
  // More than the pool can do, late, or nothing known of what it can do.
  assert.equal(shareOf([job(1, 500)], perMs, 0), 1)
  assert.equal(shareOf([job(1, 1)], perMs, 2 * HOUR_MS), 1)
  assert.equal(shareOf([job(10, 100)], null, 0), 1)
  assert.equal(shareOf([], perMs, 0), 0)
})

Deno.test('the window follows the slots, gives way when it is refused, and comes back', () => {
  const window = new Window()
  assert.equal(window.size(0), JOBS.leastWindow)
  assert.equal(window.size(8), 16)
  window.refused()
  window.refused()
  assert.equal(window.size(8), 4)
  for (let i = 0; i < 100; i++) window.refused()
  assert.equal(window.size(8), 1)
  for (let i = 0; i < 100; i++) window.completed()
  assert.equal(window.size(8), 16)
})

Deno.test('pages are counted over the last minutes; a pause begins them anew', () => {
  let nowMs = 0
  const rate = new Rate(() => nowMs)
  assert.equal(rate.perMs(), null)
  rate.began()
  for (let i = 0; i < 60; i++) {
    nowMs += 1000
    rate.done(4)
  }
  assert.equal(rate.perMs(), 4 / 1000)
  nowMs += 10 * JOBS.rateMs
  assert.equal(rate.perMs(), null)
  rate.began()
  nowMs += 1000
  rate.done(1)
  assert.equal(rate.perMs(), 1 / 1000)
})

Deno.test('what a window lacks is as it was before', () => {
  let nowMs = 0
  const rate = new Rate(() => nowMs)
  rate.remember(2 / 1000)
  assert.equal(rate.perMs(), 2 / 1000)
  rate.began()
  nowMs += JOBS.rateMs / 4
  // Four times as many as before.
  rate.done(8 * nowMs / 1000)
  assert.equal(rate.perMs(), (8 + 3 * 2) / 4 / 1000)
  nowMs += JOBS.rateMs / 2
  rate.done(8 * (JOBS.rateMs / 2) / 1000)
  nowMs += JOBS.rateMs / 4
  rate.done(8 * (JOBS.rateMs / 4) / 1000)
  assert.equal(rate.perMs(), 8 / 1000)
  nowMs += 10 * JOBS.rateMs
  assert.equal(rate.perMs(), 8 / 1000)
})

Deno.test('files of a job tell the pace of its last minutes', async () => {
  const dir = await Deno.makeTempDir()
  try {
    const folder = new Folder(() => Promise.resolve(dir))
    assert.equal(await lastPace(folder, 'none'), null)
    await folder.make('one', undefined)
    for (const [atS, from] of [[0, 0], [1000, 4], [1010, 8], [1030, 12], [1040, 16]] as const) {
      const unit = { document: 0, from, count: 4 } as Unit
      await writePart(folder, 'one', unit, { pages: [], failed: [] })
      await Deno.utime(await folder.path('one', 'parts', `0-${from}-4.json`), atS, atS)
    }
    assert.equal(await lastPace(folder, 'one'), 12 / 40_000)
  } finally {
    await Deno.remove(dir, { recursive: true })
  }
})

Deno.test('before the first page the file of the pipeline tells', () => {
  // A page's part of opening it, and of reading its four items.
  assert.equal(expectedPerMs(documents, 2), 2 / (1 + 4 * 10))
  assert.equal(expectedPerMs(documents, 0), null)
  const { open, read } = documents.tasks as { open: Task; read: Task }
  const long = { only: { ...read.variants['only']!, rows: 2 } }
  const tasks = { open, read: { ...read, variants: long } }
  assert.equal(expectedPerMs({ ...documents, tasks }, 2), 2 / (1 + 4 * 2 * 10))
})

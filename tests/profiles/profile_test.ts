/** What is measured of a pipeline, as figures, in its file and as a table. */
import assert from 'node:assert/strict'
import { checkPipeline, parsePipeline } from '../../src/pipeline/parse.ts'
import type { Score } from '../../src/stages/labelled.ts'
import { profileOf } from '../../src/cli/profile/result.ts'
import type { VariantTimes } from '../../src/cli/profile/types.ts'
import type { ExampleResult } from '../../src/cli/profile/messages.ts'
import { writeProfile } from '../../src/cli/profile/write.ts'
import { tableOf } from '../../src/cli/profile/table.ts'

const text = JSON.stringify({
  schema: 'shoal-pipeline/1',
  name: 'two',
  sloMs: 100,
  root: 'find',
  tasks: {
    find: {
      next: ['read'],
      note: 'kept',
      variants: { big: { accuracy: 0.5, model: 'm' }, small: { accuracy: 0.4 } },
    },
    read: { variants: { one: { accuracy: 0.3 } } },
  },
})
const pipeline = parsePipeline(text, 'two.json')

const score = (total: number, errors: number): Score => {
  return { total, errors, truths: 4, found: 3, exact: 2 }
}

const example = (errors: number): ExampleResult => ({
  paths: { 'big > one': score(10, errors), 'small > one': score(10, errors + 3) },
  alone: { 'read > one': score(10, 0) },
  fanOut: {
    'find > big > read': { items: 1, children: 4 },
    'find > small > read': { items: 1, children: 3 },
  },
})

const times = (task: string, variant: string, minMs: number, rows = 1): VariantTimes => ({
  task,
  variant,
  batches: [{ batch: 1, runs: 5, minMs, medianMs: minMs * 2 }],
  otherMs: 2,
  rows,
})

const names = { examples: 'pages', truths: 'lines', units: 'characters' }

const profile = profileOf(
  pipeline,
  { about: { seed: 1 }, names, count: 2 },
  [example(0), example(2)],
  [times('find', 'big', 50), times('find', 'small', 20), times('read', 'one', 10, 1.5)],
)

Deno.test('profileOf() sums errors over examples before it divides', () => {
  assert.deepEqual(profile.paths.map((p) => p.accuracy), [0.9, 0.6])
  assert.equal(profile.paths[0]!.exact, 0.5)
  assert.deepEqual(profile.set, { seed: 1, pages: 2, lines: 8, characters: 20 })
})

Deno.test('profileOf() gives a leaf its accuracy alone, others that of their best path', () => {
  assert.deepEqual(profile.variants.map((v) => v.accuracy), [0.9, 0.6, 1])
  assert.deepEqual(profile.variants.map((v) => v.fanOut), [{ read: 4 }, { read: 3 }, {}])
  assert.equal(profile.variants[0]!.recall, 0.75)
})

Deno.test('profileOf() counts the time of a path over items and their rows', () => {
  // 50 + 2, then 4 items of 1.5 x 10 + 2.
  assert.equal(profile.paths[0]!.ms, 120)
  assert.equal(profile.variants[0]!.referenceMs, 52)
})

Deno.test('writeProfile() puts figures into a pipeline file and leaves the rest', () => {
  const written = writeProfile(text, profile)
  const { tasks, pathAccuracy } = checkPipeline(JSON.parse(written), 'two.json')
  const big = tasks['find']!.variants['big']!
  assert.deepEqual([big.accuracy, big.model, big.referenceMs], [0.9, 'm', 52])
  assert.deepEqual(big.fanOut, { read: 4 })
  assert.equal(tasks['find']!['note'], 'kept')
  assert.deepEqual(pathAccuracy, [
    { path: ['big', 'one'], accuracy: 0.9 },
    { path: ['small', 'one'], accuracy: 0.6 },
  ])
  assert.equal(writeProfile(written, profile), written)
})

Deno.test('writeProfile() keeps accuracies where only latency was measured', () => {
  const latencyOnly = profileOf(pipeline, { about: {}, names, count: 0 }, [], [
    times('find', 'big', 50),
  ])
  const { tasks } = checkPipeline(JSON.parse(writeProfile(text, latencyOnly)), 'two.json')
  assert.equal(tasks['find']!.variants['big']!.accuracy, 0.5)
  assert.equal(tasks['find']!.variants['big']!.referenceMs, 52)
})

Deno.test('writeProfile() writes how many rows an item takes, where it is not one', () => {
  const rowsOf = (before: string, rows: number) => {
    const figures = profileOf(pipeline, { about: {}, names, count: 0 }, [], [
      times('read', 'one', 10, rows),
    ])
    const after = writeProfile(before, figures)
    return {
      after,
      rows: checkPipeline(JSON.parse(after), 'two.json').tasks['read']!.variants['one']!.rows,
    }
  }
  const { after, rows } = rowsOf(text, 2.428)
  assert.equal(rows, 2.43)
  assert.equal(rowsOf(after, 1.001).rows, undefined)
})

Deno.test('writeProfile() writes that nothing was right, too', () => {
  const wrong = {
    ...example(0),
    paths: { 'big > one': score(10, 10), 'small > one': score(10, 12) },
  }
  const { scored, ...rest } = profileOf(
    pipeline,
    { about: {}, names, count: 1 },
    [{ ...wrong, alone: { 'read > one': score(10, 10) } }],
    [times('find', 'big', 50), times('find', 'small', 20), times('read', 'one', 10)],
  )
  assert.ok(scored)
  const written = writeProfile(text, { scored, ...rest })
  const { tasks, pathAccuracy } = checkPipeline(JSON.parse(written), 'two.json')
  const { big, small } = tasks['find']!.variants
  assert.deepEqual([big!.accuracy, small!.accuracy], [0, 0])
  assert.deepEqual(pathAccuracy?.map(({ accuracy }) => accuracy), [0, 0])
})

Deno.test('tableOf() shows every variant and path', () => {
  const table = tableOf(profile)
  for (const name of ['big', 'small', 'one', 'big > one', '0.9000']) {
    assert.ok(table.includes(name), name)
  }
})

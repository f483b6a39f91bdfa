/** Generating items run beside each other; gathering items wait for all of their inputs. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../../src/pipeline/parse.ts'
import type { Pipeline } from '../../../src/pipeline/schema.ts'
import type { ItemOutcome, PolicyCommand, PolicyEvent } from '../../../src/policy/core/types.ts'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import { commandsOf, refsOf } from '../fixtures.ts'

const extract = {
  kind: 'generate',
  context: 512,
  rows: 3,
  variants: {
    small: { accuracy: 0.5, referenceMs: 60 },
    large: { accuracy: 1, referenceMs: 100 },
  },
}

const texts = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'texts',
  sloMs: 5000,
  root: 'extract',
  tasks: { extract },
}, 'texts.json')

const receipts = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'receipts',
  sloMs: 5000,
  root: 'detect',
  tasks: {
    detect: {
      next: ['read'],
      variants: { only: { accuracy: 1, referenceMs: 20, fanOut: { read: 3 } } },
    },
    read: {
      next: ['extract'],
      variants: {
        rough: { accuracy: 0.5, referenceMs: 10, fanOut: { extract: 1 / 3 } },
        fine: { accuracy: 1, referenceMs: 20, fanOut: { extract: 1 / 3 } },
      },
    },
    extract: { ...extract, gather: true },
  },
}, 'receipts.json')

function poolOf(pipeline: Pipeline) {
  const gather = (items: readonly { payload: unknown; result: unknown }[]) =>
    items.map(({ payload, result }) => `${payload} ${result}`)
  const scheduler = createScheduler({ pipelines: [pipeline], gather })
  const able = refsOf(pipeline)
  scheduler.handle({ type: 'node_joined', node: 'a', slots: 1, duty: 1, able }, 0)
  for (const ref of able) {
    scheduler.handle({ type: 'instance_ready', node: 'a', slot: 0, ...ref }, 0)
  }
  return scheduler
}

const asks = (query: string, pipeline: Pipeline, deadlineMs = 5000): PolicyEvent => ({
  ...{ type: 'query_arrived', query, pipeline: pipeline.name, deadlineMs, payload: query },
})

const ended = (batch: number, outcomes: ItemOutcome[], computeMs = 80): PolicyEvent => ({
  ...{ type: 'batch_finished', batch, outcomes, computeMs, nodeQueueMs: 0, networkMs: 1 },
})

const gave = (result: string, children: { [task: string]: string[] } = {}): ItemOutcome => ({
  ...{ ok: true, result, children },
})

type Sent = Extract<PolicyCommand, { type: 'dispatch' }>

Deno.test('A generating item begins beside running ones while rows are free, one item per batch', () => {
  const scheduler = poolOf(texts)
  const sent: Sent[] = []
  for (let i = 0; i < 5; i++) {
    sent.push(...commandsOf(scheduler, asks(`q${i}`, texts), 10 + i, 'dispatch'))
  }
  assert.deepEqual(sent.map(({ items }) => items.map(({ query }) => query)), [['q0'], ['q1'], [
    'q2',
  ]])
  // The second item is done first, and its row is reused at once.
  const [next, ...others] = commandsOf(
    scheduler,
    ended(sent[1]!.batch, [gave('text')]),
    90,
    'dispatch',
  )
  assert.deepEqual(next!.items.map(({ query }) => query), ['q3'])
  assert.deepEqual(others, [])
})

Deno.test('A long generated answer is not given up before its deadline', () => {
  const scheduler = poolOf(texts)
  const [sent] = commandsOf(scheduler, asks('q', texts, 60_000), 10, 'dispatch')
  for (let atMs = 1000; atMs < 59_000; atMs += 1000) {
    assert.deepEqual(commandsOf(scheduler, { type: 'wake' }, atMs, 'cancel_batch'), [])
  }
  const [answer] = commandsOf(scheduler, ended(sent!.batch, [gave('x')], 58_900), 59_000, 'answer')
  assert.equal(answer?.answer.ok, true)
})

Deno.test('A gathering task gets the results of all items before it, in reading order, once', () => {
  const scheduler = poolOf(receipts)
  const [detect] = commandsOf(scheduler, asks('q', receipts), 10, 'dispatch')
  const found = gave('page', { read: ['line 1', 'line 2', 'line 3'] })
  let atMs = 30
  const open = commandsOf(scheduler, ended(detect!.batch, [found], 20), atMs, 'dispatch')
  const gathered: Sent[] = []
  const read: unknown[] = []
  while (open.length > 0) {
    const batch = open.shift()!
    if (batch.task === 'extract') {
      gathered.push(batch)
      continue
    }
    read.push(...batch.items.map(({ payload }) => payload))
    const results = batch.items.map(({ payload }) => gave(`read ${payload}`))
    open.push(...commandsOf(scheduler, ended(batch.batch, results, 20), atMs += 20, 'dispatch'))
  }
  assert.deepEqual(read.sort(), ['line 1', 'line 2', 'line 3'])
  assert.deepEqual(gathered.map(({ items }) => items.map(({ payload }) => payload)), [
    [['line 1 read line 1', 'line 2 read line 2', 'line 3 read line 3']],
  ])
  const [answer] = commandsOf(
    scheduler,
    ended(gathered[0]!.batch, [gave('fields')]),
    atMs + 80,
    'answer',
  )
  assert.ok(answer?.answer.ok)
  assert.deepEqual(answer.answer.items.filter(({ task }) => task === 'extract').length, 1)
})

Deno.test('A query whose items found nothing is answered without gathering', () => {
  const scheduler = poolOf(receipts)
  const [detect] = commandsOf(scheduler, asks('q', receipts), 10, 'dispatch')
  const [answer] = commandsOf(
    scheduler,
    ended(detect!.batch, [gave('page', { read: [] })], 20),
    30,
    'answer',
  )
  assert.ok(answer?.answer.ok)
})

const documents = checkPipeline({
  schema: 'shoal-pipeline/1',
  name: 'documents',
  sloMs: 5000,
  root: 'open',
  tasks: {
    open: {
      next: ['detect'],
      variants: { only: { accuracy: 1, referenceMs: 20, fanOut: { detect: 2 } } },
    },
    detect: {
      next: ['read'],
      variants: { only: { accuracy: 1, referenceMs: 20, fanOut: { read: 3 } } },
    },
    read: {
      next: ['assemble'],
      variants: { only: { accuracy: 1, referenceMs: 20, fanOut: { assemble: 1 / 6 } } },
    },
    assemble: { gather: true, variants: { only: { accuracy: 1, referenceMs: 1 } } },
  },
}, 'documents.json')

/**
 * Pages are done in a given order, each with its lines.
 *
 * @returns the gathered lines, and the answer
 */
function readPages(lines: { [page: string]: string[] }, order: readonly string[]) {
  const scheduler = poolOf(documents)
  let atMs = 10
  const open = commandsOf(scheduler, asks('q', documents), atMs, 'dispatch')
  const gathered: unknown[] = []
  const answers: Extract<PolicyCommand, { type: 'answer' }>[] = []
  const handle = (event: PolicyEvent) => {
    for (const command of scheduler.handle(event, atMs += 20)) {
      if (command.type === 'dispatch') open.push(command)
      if (command.type === 'answer') answers.push(command)
    }
  }
  while (open.length > 0) {
    // The last pages are those whose turn is last.
    open.sort((a, b) => rankOf(a) - rankOf(b))
    const batch = open.shift()!
    const outcomes = batch.items.map(({ payload }): ItemOutcome => {
      if (batch.task === 'open') return gave('document', { detect: Object.keys(lines) })
      if (batch.task === 'detect') return gave('page', { read: lines[String(payload)] ?? [] })
      if (batch.task === 'assemble') gathered.push(payload)
      return gave(`${payload} done`)
    })
    handle(ended(batch.batch, outcomes, 20))
  }
  return { gathered, answers }

  function rankOf({ task, items: [item] }: Sent): number {
    return task === 'detect' ? 1 + order.indexOf(String(item!.payload)) : 0
  }
}

Deno.test('Gathering takes the lines of the other pages if the last page done has none', () => {
  const lines = { full: ['line 1', 'line 2'], empty: [] }
  for (const order of [['full', 'empty'], ['empty', 'full']]) {
    const { gathered, answers } = readPages(lines, order)
    assert.deepEqual(gathered, [['line 1 line 1 done', 'line 2 line 2 done']], order.join())
    assert.equal(answers.length, 1)
    const { answer } = answers[0]!
    assert.ok(answer.ok)
    assert.equal(answer.items.filter(({ task }) => task === 'assemble').length, 1)
  }
})

Deno.test('A query whose pages have no line is answered without gathering', () => {
  const { gathered, answers } = readPages({ a: [], b: [] }, ['a', 'b'])
  assert.deepEqual(gathered, [])
  assert.deepEqual(answers.map(({ answer }) => answer.ok), [true])
})

Deno.test('No batch is given up before the time that the file allows an item', () => {
  const waited = (longestMs?: number) => {
    const { root, tasks } = structuredClone(documents)
    if (longestMs !== undefined) tasks[root]!.longestMs = longestMs
    const pipeline = { ...documents, tasks }
    const [sent] = commandsOf(poolOf(pipeline), asks('q', pipeline), 10, 'dispatch')
    return sent!.giveUpMs
  }
  assert.ok(waited() < 90_000)
  assert.ok(waited(90_000) >= 90_000)
})

/** Background loads: one at a time on a machine, and not beside batches. */
import assert from 'node:assert/strict'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import { load as params } from '../../../src/policy/place/params.ts'
import type { PolicyCommand, PolicyEvent } from '../../../src/policy/core/types.ts'
import { ocr as small, refsOf } from '../fixtures.ts'

type Load = Extract<PolicyCommand, { type: 'load' }>

/** Three variants are background loads: neither the best nor the quickest of their task. */
const ocr = {
  ...small,
  tasks: {
    ...small.tasks,
    read: {
      ...small.tasks.read!,
      variants: {
        ...small.tasks.read!.variants,
        low: { accuracy: 0.7, referenceMs: 10 },
        high: { accuracy: 0.85, referenceMs: 25 },
      },
    },
  },
}

/** A scheduler whose nodes answer loads only when a test says so. */
function scene() {
  const scheduler = createScheduler({ pipelines: [ocr] })
  const pending: Load[] = []
  const batches: Extract<PolicyCommand, { type: 'dispatch' }>[] = []
  let wakeMs = Infinity
  function post(event: PolicyEvent, atMs: number) {
    for (const command of scheduler.handle(event, atMs)) {
      if (command.type === 'load') pending.push(command)
      if (command.type === 'dispatch') batches.push(command)
      if (command.type === 'wake_at') wakeMs = command.atMs
    }
  }
  return {
    ...{ post, pending, batches },
    join: (node: string, slots: number, own: boolean) =>
      post({ type: 'node_joined', node, slots, duty: 1, able: refsOf(ocr), own }, 0),
    ready(atMs: number) {
      const { node, slot, pipeline, task, variant } = pending.shift()!
      post({ type: 'instance_ready', node, slot, pipeline, task, variant }, atMs)
    },
    ask: (query: string, atMs: number) =>
      post({
        ...{ type: 'query_arrived', query, pipeline: 'ocr', payload: null },
        deadlineMs: atMs + 600_000,
      }, atMs),
    wakeUntil(untilMs: number) {
      while (wakeMs <= untilMs) {
        const atMs = wakeMs
        wakeMs = Infinity
        post({ type: 'wake' }, atMs)
      }
    },
  }
}

const slotsOf = (loads: readonly Load[]) => loads.map(({ node, slot }) => `${node} ${slot}`).sort()
/** The best and the quickest variant of each task. */
const first = 2 * Object.keys(ocr.tasks).length

for (const own of [true, false]) {
  const title = own ? 'own nodes share one machine' : 'nodes of others have a machine each'
  Deno.test(`slots load the best and quickest of each task in parallel, then one at a time: ${title}`, () => {
    const { join, ready, pending, wakeUntil } = scene()
    for (const node of ['a', 'b']) join(node, 2, own)
    for (let n = 0; n <= 4 * (first - 1); n++) {
      assert.equal(pending.length, 4, 'each slot loads what it has to')
      ready(1)
    }
    while (pending.length > (own ? 1 : 2)) ready(2)
    wakeUntil(1000)
    assert.equal(new Set(pending.map(({ node }) => node)).size, own ? 1 : 2)
    assert.equal(pending.length, own ? 1 : 2, `${slotsOf(pending)}`)
  })
}

Deno.test('no load begins beside a batch, and the next follows once the machine is quiet', () => {
  const { join, ready, ask, post, pending, batches, wakeUntil } = scene()
  join('a', 1, true)
  for (let n = 0; n < first; n++) ready(1)
  assert.equal(pending.length, 1)
  ready(1000)
  ask('q', 2100)
  const [batch] = batches
  assert.ok(batch !== undefined && pending.length === 1, 'one load was under way when it came')
  ready(2500)
  wakeUntil(2500 + 5 * params.quietMs)
  assert.equal(pending.length, 0)
  post({
    ...{ type: 'batch_finished', batch: batch.batch, nodeQueueMs: 0, networkMs: 0 },
    outcomes: [{ ok: true, result: null, children: {} }],
    computeMs: 100,
  }, 4100)
  wakeUntil(4100 + params.quietMs - 1)
  assert.equal(pending.length, 0, 'the next batch is likely near')
  wakeUntil(4100 + 3 * params.quietMs)
  assert.equal(pending.length, 1)
})

Deno.test('a machine with constant batches loads for a share of the time', () => {
  const { join, ready, ask, pending, batches, wakeUntil } = scene()
  join('a', 1, true)
  for (let n = 0; n < first; n++) ready(1)
  ask('q', 10)
  assert.equal(batches.length, 1)
  ready(101)
  wakeUntil(1000)
  assert.equal(pending.length, 0)
  wakeUntil(101 + 100 / params.shareBeside + 2 * params.quietMs)
  assert.equal(pending.length, 1)
})

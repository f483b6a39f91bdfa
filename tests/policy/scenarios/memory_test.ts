/** Nodes without memory for every input, and the memory of a scheduler. */
import assert from 'node:assert/strict'
import { createScheduler, type LearningScheduler } from '../../../src/policy/scheduler.ts'
import { asked, byHand, finished } from '../by_hand.ts'
import { commandsOf, ocr, refsOf, single } from '../fixtures.ts'
import { asks, asksMany, joins, play } from '../story.ts'

/** Names of queries are their payloads; large ones fit only on the nodes named roomy. */
const fits = (payload: unknown, node: string) =>
  !String(payload).startsWith('large') || node.startsWith('roomy')

for (const pipeline of [single, ocr]) {
  Deno.test(`A node with memory for an input runs it at once, even if others are idle: ${pipeline.name}`, () => {
    const names = ['small 1', 'small 2', 'small 3']
    const story = play({ pipelines: [pipeline], fits, children: 1 }, [
      [0, ...names.map((id) => joins(id)), joins('roomy', { slowness: 2 })],
      [2000, asksMany('large', 10, 3000, 60_000), asksMany('usual', 10, 3000, 60_000)],
    ], 35_000)
    for (let i = 0; i < 10; i++) {
      // A scheduler that leaves it to the others until it is urgent takes most of a minute.
      assert.ok(story.served(`large${i}`).tookMs < 3000)
      assert.ok(story.served(`usual${i}`).tookMs < 3000)
    }
    const unfit = story.sent(({ node, items }) =>
      !items.every(({ payload }) => fits(payload, node))
    )
    assert.deepEqual(unfit, [])
    assert.ok(story.sent(({ node }) => node.startsWith('small')).length > 0)
  })
}

Deno.test('An input that fits no node waits until its deadline, and others do not wait for it', () => {
  const story = play({ pipelines: [single], fits }, [
    [0, joins('small')],
    [1000, asksMany('large', 5, 0, 2000), asks('usual', 5000)],
  ], 7000)
  assert.ok(story.served('usual').tookMs < 900)
  for (let i = 0; i < 5; i++) story.failed(`large${i}`)
})

/** One query, all of whose batches take this long; returns the expected time of its first batch. */
function serve(scheduler: LearningScheduler, query: string, nowMs: number, computeMs: number) {
  const [first] = commandsOf(scheduler, asked(query, nowMs + 60_000), nowMs, 'dispatch')
  let batches = [first!]
  for (let atMs = nowMs; batches.length > 0;) {
    const [{ batch, task, items }] = batches as [typeof batches[0]]
    const children = task === 'detect' ? ['x', 'y'] : []
    const ended = finished(batch, items.length, children)
    batches = commandsOf(scheduler, { ...ended, computeMs } as typeof ended, ++atMs, 'dispatch')
  }
  return first!.expectedMs
}

Deno.test("A scheduler with another's memory expects the same latencies", () => {
  const first = byHand()
  for (let i = 0; i < 20; i++) serve(first, `q${i}`, 5000 * i, 700)
  const memory = JSON.parse(JSON.stringify(first.memory()))
  const learned = serve(first, 'last', 200_000, 700)
  const next = createScheduler({ pipelines: [ocr], memory })
  const able = refsOf(ocr)
  next.handle({ type: 'node_joined', node: 'a', slots: 1, duty: 1, able }, 0)
  for (const ref of able) next.handle({ type: 'instance_ready', node: 'a', slot: 0, ...ref }, 0)
  assert.ok(memory.fanOuts.length > 0)
  assert.deepEqual(next.memory().fanOuts, memory.fanOuts)
  const expected = serve(next, 'q', 10, 700)
  assert.ok(Math.abs(expected / learned - 1) < 0.1, `${expected}, learned ${learned}`)
  const fresh = serve(byHand(), 'q', 10, 700)
  assert.ok(Math.abs(expected / fresh - 1) > 0.3, `${expected}, of one new ${fresh}`)
})

Deno.test('The memory of a node that left is returned once more', () => {
  const scheduler = byHand()
  serve(scheduler, 'q', 1, 100)
  const nodes = () => scheduler.memory().profiles.map(([id]) => id)
  assert.deepEqual(nodes(), ['a'])
  scheduler.handle({ type: 'node_left', node: 'a' }, 1000)
  assert.deepEqual(nodes(), ['a'])
  assert.deepEqual(nodes(), [])
})

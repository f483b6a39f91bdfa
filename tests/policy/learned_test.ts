/** What a scheduler learned is given to the next one. */
import assert from 'node:assert/strict'
import { createScheduler, type LearningScheduler } from '../../src/policy/scheduler.ts'
import { asked, byHand, finished } from './by_hand.ts'
import { commandsOf, ocr, refsOf } from './fixtures.ts'

/** One query, all of whose batches take so long; returns what its first was expected to take. */
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

Deno.test('a scheduler that is given what another learned expects the same', () => {
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
  assert.ok(
    Math.abs(expected / fresh - 1) > 0.3,
    `${expected}, of one that learned nothing ${fresh}`,
  )
})

Deno.test('of a node that left what was learned is told once more', () => {
  const scheduler = byHand()
  serve(scheduler, 'q', 1, 100)
  const nodes = () => scheduler.memory().profiles.map(([id]) => id)
  assert.deepEqual(nodes(), ['a'])
  scheduler.handle({ type: 'node_left', node: 'a' }, 1000)
  assert.deepEqual(nodes(), ['a'])
  assert.deepEqual(nodes(), [])
})

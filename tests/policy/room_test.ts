/** Nodes that have not the memory for every input. */
import assert from 'node:assert/strict'
import { createScheduler } from '../../src/policy/scheduler.ts'
import { createSimulation } from '../../src/sim/simulation.ts'
import { nodeOf, ocr, single } from './fixtures.ts'

/** Names of queries are their payloads; the large ones fit on the nodes named roomy alone. */
const fits = (payload: unknown, node: string) =>
  !String(payload).startsWith('large') || node.startsWith('roomy')

for (const pipeline of [single, ocr]) {
  Deno.test(`${pipeline.name}: who has the memory for an input does it at once, whoever else is idle`, () => {
    const pipelines = [pipeline]
    const scheduler = createScheduler({ pipelines, fits })
    const pool = createSimulation({ scheduler, pipelines, childCount: () => 1 })
    for (const id of ['small 1', 'small 2', 'small 3']) pool.join(nodeOf(id, pipelines))
    pool.join(nodeOf('roomy', pipelines, { slowness: 2 }))
    pool.run(2000)
    for (let i = 0; i < 10; i++) {
      const fromMs = pool.time.nowMs
      // Whoever leaves it to the others until it is pressing takes most of that.
      pool.ask(`large ${i}`, pipeline.name, 60_000)
      pool.ask(`usual ${i}`, pipeline.name, 60_000)
      pool.run(fromMs + 3000)
      for (const query of [`large ${i}`, `usual ${i}`]) {
        const [given] = pool.answers.get(query) ?? []
        assert.ok(given?.answer.ok, `${query} is answered`)
      }
    }
    const sent = pool.commands.flatMap(({ command }) =>
      command.type === 'dispatch' ? [command] : []
    )
    const unfit = sent.filter(({ node, items }) =>
      !items.every(({ payload }) => fits(payload, node))
    )
    assert.deepEqual(unfit, [])
    assert.ok(sent.some(({ node }) => node.startsWith('small')))
    assert.deepEqual(pool.violations, [])
  })
}

Deno.test('an input that fits nowhere waits until its deadline, and others do not wait for it', () => {
  const pipelines = [single]
  const scheduler = createScheduler({ pipelines, fits })
  const pool = createSimulation({ scheduler, pipelines })
  pool.join(nodeOf('small', pipelines))
  pool.run(1000)
  for (let i = 0; i < 5; i++) pool.ask(`large ${i}`, 'single', 2000)
  pool.ask('usual', 'single', 5000)
  pool.run(1900)
  assert.ok(pool.answers.get('usual')?.[0]?.answer.ok)
  pool.run(10_000)
  for (let i = 0; i < 5; i++) {
    const [given] = pool.answers.get(`large ${i}`)!
    assert.ok(!given!.answer.ok)
  }
  assert.deepEqual(pool.violations, [])
})

/** Queries that give more time than the SLO asks for. */
import assert from 'node:assert/strict'
import { createScene } from './trust/scene.ts'

/** When the last of 100 queries that came at once was answered. */
function lastMs(timeoutMs: number): number {
  const scene = createScene({ trust: false })
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) scene.node(id)
  scene.wait(500)
  scene.ask(20, 100)
  scene.wait(1000)
  const fromMs = scene.time.nowMs
  scene.ask(100, 0, timeoutMs)
  scene.wait(timeoutMs)
  const answers = [...scene.answers.values()].map(([first]) => first!)
  assert.equal(answers.length, 120)
  for (const { answer } of answers) assert.equal(answer.ok, true)
  return Math.max(...answers.map(({ atMs }) => atMs)) - fromMs
}

Deno.test('who gives more time than the SLO is not kept waiting for it', () => {
  const withinSloMs = lastMs(4000)
  // As many nodes help as would for the SLO; before, they rested while there was time.
  assert.ok(lastMs(60_000) < 1.5 * withinSloMs, `${lastMs(60_000)} and ${withinSloMs} ms`)
})

Deno.test('a machine that sleeps loses no query that has the time to wait for it', () => {
  for (const names of [['a'], ['a', 'b'], ['a', 'b', 'c', 'd']]) {
    for (const asleepMs of [10_000, 20_000, 40_000]) {
      const scene = createScene({ trust: false, hedge: true })
      let wakesAtMs = 0
      for (const id of names) {
        scene.node(id, {
          latencyMs: (_, batch) => Math.max(15 * batch, wakesAtMs - scene.time.nowMs),
        })
      }
      scene.wait(500)
      scene.ask(3)
      wakesAtMs = scene.time.nowMs + asleepMs
      scene.ask(3, 300, 100_000)
      scene.wait(asleepMs)
      // Before, three attempts were used up in eight seconds.
      const answers = [...scene.answers.values()].map(([first]) => first!.answer)
      assert.deepEqual(answers.map(({ ok }) => ok), new Array(6).fill(true))
      assert.deepEqual(scene.violations, [])
    }
  }
})

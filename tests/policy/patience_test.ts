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

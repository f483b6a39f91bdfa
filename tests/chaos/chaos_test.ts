/**
 * Nodes are killed, stopped, and cut off at random while queries come: each gets exactly one answer.
 * `deno task bench chaos` is the same at full size.
 */
import assert from 'node:assert/strict'
import { startChaos } from '../../src/cli/bench_chaos_faults.ts'
import { startChaosScene } from '../../src/cli/bench_chaos_scene.ts'

const QUERIES = 100
const SEED = 20

Deno.test('whatever befalls nodes, every query gets one answer, and none gets two', async () => {
  // Time enough for a busy machine: what is asked is whether answers come, not how soon.
  const scene = await startChaosScene({ timeoutMs: 30_000 })
  try {
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => scene.addNode(name)))
    const chaos = startChaos(scene, SEED, 4000)
    const { statuses, outputs } = await scene.load(QUERIES, 6, SEED)
    await chaos.stop()
    const struck = Object.values(chaos.counts).reduce((a, b) => a + b)
    assert.ok(struck >= 4, JSON.stringify(chaos.counts))
    assert.deepEqual(scene.answers(), { 1: QUERIES })
    assert.deepEqual(statuses, { 200: QUERIES }, scene.lines.join('\n'))
    // The same picture each time: whoever answered found the same lines.
    const found = outputs.map((one) => (one as { lines: unknown[] }).lines.length)
    assert.equal(new Set(found).size, 1, found.join(' '))
    const { pipelines } = scene.pool.stats()
    assert.equal(pipelines[scene.pipelineName]?.inFlight, 0)
  } finally {
    await scene.end()
  }
})

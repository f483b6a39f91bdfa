/**
 * Nodes are killed, stopped, and cut off at random while queries come: each gets exactly one answer.
 * `deno task bench chaos` is the same at full size.
 */
import assert from 'node:assert/strict'
import { startChaos } from '../../src/bench/chaos/faults.ts'
import { startChaosScene } from '../../src/bench/chaos/scene.ts'
import { few } from '../exhaustive.ts'

const QUERIES = few(15, 60)
const STRIKES = 4
const EVERY_MS = few(2500, 4000)
/** Each with one query under way, so that no machine is too slow for what is asked. */
const CLIENTS = 3
const SEED = 20

Deno.test('whatever befalls nodes, every query gets one answer, and none gets two', async () => {
  // Time enough for a busy machine: what is asked is whether answers come, not how soon.
  const scene = await startChaosScene({ timeoutMs: 120_000 })
  try {
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => scene.addNode(name)))
    const chaos = startChaos(scene, SEED, EVERY_MS)
    const struck = () => Object.values(chaos.counts).reduce((a, b) => a + b)
    const answers: Awaited<ReturnType<typeof scene.ask>>[] = []
    let asked = 0
    const client = async () => {
      while (asked < QUERIES || struck() < STRIKES) {
        asked++
        answers.push(await scene.ask())
      }
    }
    await Promise.all(Array.from({ length: CLIENTS }, client))
    await chaos.stop()
    assert.deepEqual(scene.answers(), { 1: asked })
    const failed = answers.filter(({ status }) => status !== '200').map(({ status }) => status)
    assert.deepEqual(failed, [], scene.lines.join('\n'))
    // The same picture each time: whoever answered found the same lines.
    const found = answers.map(({ outputs }) => (outputs as { lines: unknown[] }).lines.length)
    assert.equal(new Set(found).size, 1, found.join(' '))
    const { pipelines } = scene.pool.stats()
    assert.equal(pipelines[scene.pipelineName]?.inFlight, 0)
  } finally {
    await scene.end()
  }
})

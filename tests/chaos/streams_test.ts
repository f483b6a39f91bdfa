/**
 * Nodes are killed and paused while many answers stream: each is whole, and equal to the undisturbed one.
 * `deno task bench streams` is the same at full size, with tabs.
 */
import assert from 'node:assert/strict'
import { playStreams } from '../../src/bench/streams/streams.ts'
import { few } from '../exhaustive.ts'

Deno.test('whatever befalls nodes, every stream says its whole text once', async () => {
  const outcome = await playStreams({
    ...{ streams: few(20, 200), forMs: few(3000, 30_000), texts: few(5, 20) },
    ...{ budgetMs: 600_000, everyMs: few(500, 5000), tabs: false },
  })
  assert.deepEqual(outcome.faults, [])
  assert.ok(outcome.killed > 0 && outcome.paused > 0, 'nothing befell the nodes')
})

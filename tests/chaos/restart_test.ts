/** The coordinator is killed under load and started again: nodes come back, what was learned stays. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { startRestartScene } from '../../src/bench/restart/restart.ts'

/** What a client may try again after. */
const RETRYABLE =
  /^(200|connection failed|50[234] (node_failed|no_capable_node|queue_full|infeasible_deadline|draining|deadline_exceeded).*)$/

/** Nodes whose trust is on the disk, where a kill cannot take it. */
function judgementsIn(store: string): number {
  const db = new DatabaseSync(store, { readOnly: true })
  try {
    return Number(db.prepare('SELECT count(word) AS count FROM nodes').get()!['count'])
  } finally {
    db.close()
  }
}

Deno.test('a coordinator that was killed serves again with its nodes, and remembers them', async () => {
  const scene = await startRestartScene(3)
  try {
    // Each is asked and compared until it is trusted, and that is written.
    for (;;) {
      assert.equal(await scene.ask(), '200')
      const nodes = await scene.nodes()
      if (nodes.every(({ trust }) => trust > 0)) break
    }
    const ids = new Set((await scene.nodes()).map(({ id }) => id))
    while (judgementsIn(scene.store) < 3) assert.equal(await scene.ask(), '200')
    const outcome = await scene.restart('SIGKILL')
    for (const status of Object.keys(outcome.seen)) assert.match(status, RETRYABLE)
    assert.ok((outcome.seen['200'] ?? 0) > 0)
    assert.match(outcome.remembered, /judgements of 3/)
    const nodes = await scene.nodes()
    assert.deepEqual(new Set(nodes.map(({ id }) => id)), ids)
    // Not from nothing: three checks, and what was earned before counts again.
    for (;;) {
      assert.equal(await scene.ask(), '200')
      if ((await scene.nodes()).every(({ trust }) => trust > 0)) break
    }
    for (const { trustReason } of await scene.nodes()) {
      assert.ok(Number(/passed (\d+)/.exec(trustReason ?? '')?.[1]) >= 13, trustReason ?? '')
    }
  } finally {
    await scene.end()
  }
})

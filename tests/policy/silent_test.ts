/** A node that says nothing any more while its link still stands: what it had goes on elsewhere. */
import assert from 'node:assert/strict'
import { createScene } from './trust/scene.ts'

const SILENT_MS = 6000

/** Four nodes, of which few are needed; then the one that had the last batch falls silent. */
function fallingSilent(before: number) {
  const scene = createScene({ trust: false, hedge: true })
  let silent = ''
  for (const id of ['a', 'b', 'c', 'd']) {
    scene.node(id, { latencyMs: (_, batch) => id === silent ? SILENT_MS : 15 * batch })
  }
  scene.wait(500)
  scene.ask(before, 100)
  silent = scene.dispatched().at(-1)!.node
  const fromMs = scene.time.nowMs
  scene.ask(SILENT_MS / 100, 100)
  scene.wait(SILENT_MS)
  const answers = [...scene.answers].slice(before).map(([query, [first]]) => ({
    tookMs: first!.atMs - (fromMs + 100 * (Number(query.slice(1)) - before)),
    ok: first!.answer.ok,
  }))
  const wasted =
    scene.commands.filter(({ atMs, command }) =>
      atMs >= fromMs && atMs < fromMs + SILENT_MS &&
      command.type === 'dispatch' && command.node === silent
    ).length
  return { scene, answers, wasted }
}

Deno.test('a node that falls silent delays queries by a fraction of their time', () => {
  // Whatever it was about to do, and whenever that was looked at last.
  for (let before = 60; before < 68; before++) {
    const { scene, answers, wasted } = fallingSilent(before)
    // Of four seconds that they have; with nobody called but in need some took all of it.
    for (const { ok, tookMs } of answers) assert.ok(ok && tookMs < 1000, `${ok} after ${tookMs} ms`)
    // It is tried now and then, no more.
    assert.ok(wasted <= SILENT_MS / 500, `${wasted} batches`)
    assert.deepEqual(scene.violations, [])
  }
})

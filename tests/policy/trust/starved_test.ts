/** An auditor that is short of time: fewer queries are answered, and never a lie. */
import assert from 'node:assert/strict'
import type { NodeSpec } from '../../../src/sim/node.ts'
import { createScene, liar } from './scene.ts'

type Scene = ReturnType<typeof createScene>

/** True answers, lies, and queries without a result by their reason. */
function count(scene: Scene) {
  const lies = scene.wrong().length
  const failed: { [reason: string]: number } = {}
  let answered = 0
  for (const [{ answer }] of scene.answers.values() as Iterable<[{ answer: { ok: boolean } }]>) {
    if (answer.ok) answered++
    else {
      const { reason } = answer as unknown as { reason: string }
      failed[reason] = (failed[reason] ?? 0) + 1
    }
  }
  return { right: answered - lies, lies, failed }
}

const withAuditor = (spec: Partial<NodeSpec> = {}) => {
  const scene = createScene({ audited: true, questions: false })
  scene.node('auditor', { judge: true, ...spec })
  return scene
}

Deno.test('a flood has fewer queries answered, and none with a lie', () => {
  const scene = withAuditor()
  scene.node('liar', { says: liar(), slots: 8, voter: 'x' })
  scene.node('honest', { voter: 'x' })
  scene.wait(500)
  scene.ask(1000, 1)
  scene.wait(5000)
  const flooded = count(scene)
  scene.ask(40)
  scene.wait(5000)
  const { right, lies } = count(scene)
  console.log('flood', flooded, { right, lies })
  assert.equal(lies, 0)
  assert.equal(right - flooded.right, 40)
  assert.deepEqual(scene.violations, [])
})

Deno.test('a new id after each quarantine has no lie answered', () => {
  const scene = withAuditor()
  let ids = 0
  const join = () => scene.node(`liar-${ids++}`, { says: liar(), slots: 8, voter: 'x' })
  join()
  scene.wait(500)
  for (let i = 0; i < 100; i++) {
    scene.ask(10, 10)
    if (scene.judged().some(([id, to]) => id === `liar-${ids - 1}` && to === 'quarantined')) {
      scene.leave(`liar-${ids - 1}`)
      join()
    }
  }
  scene.wait(10_000)
  console.log('new ids', ids, count(scene))
  assert.equal(count(scene).lies, 0)
  assert.ok(ids > 3)
})

/** Takes the auditor half a minute, and nobody else. */
const isPoison = (payload: unknown): boolean =>
  String((payload as { id?: string }).id ?? payload).startsWith('poison')

const slowAtPoison: Partial<NodeSpec> = {
  latencyMs: (_, batch, items) =>
    items.some(({ payload }) => isPoison(payload)) ? 30_000 : 40 * batch,
}

Deno.test('an input that takes the auditor half a minute has no lie answered', () => {
  const scene = withAuditor(slowAtPoison)
  scene.node('liar', { says: liar(), slots: 8, voter: 'x' })
  scene.node('honest', { voter: 'x' })
  scene.wait(500)
  scene.ask(1, 100, 4000, 'poison')
  scene.ask(600, 50)
  scene.wait(40_000)
  console.log('poison', count(scene))
  assert.equal(count(scene).lies, 0)
  assert.ok(count(scene).right > 20)
})

Deno.test('before the auditor is up nothing of a stranger is answered', () => {
  const scene = createScene({ audited: true, questions: false })
  scene.node('liar', { says: liar(), slots: 8, voter: 'x' })
  scene.node('honest', { voter: 'x' })
  scene.wait(500)
  scene.ask(30, 300)
  const early = count(scene)
  scene.node('auditor', { judge: true })
  scene.ask(30, 300)
  scene.wait(10_000)
  console.log('slow start', early, count(scene))
  assert.deepEqual([early.right, count(scene).lies], [0, 0])
  assert.ok(count(scene).right > 20)
})

/** An auditor that is short of time: fewer queries are answered, and never with a lie. */
import assert from 'node:assert/strict'
import type { NodeSpec } from '../../../src/sim/node.ts'
import { createScene, liar, refs } from './scene.ts'

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

Deno.test('a flood reduces the queries answered, and none is answered with a lie', () => {
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
  assert.equal(lies, 0)
  assert.equal(right - flooded.right, 40)
  assert.deepEqual(scene.violations, [])
})

Deno.test('a new id after each quarantine gets no lie answered', () => {
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
  assert.equal(count(scene).lies, 0)
  assert.ok(ids > 3)
})

/** An input that takes only the auditor half a minute. */
const isPoison = (payload: unknown): boolean =>
  String((payload as { id?: string }).id ?? payload).startsWith('poison')

const slowAtPoison: Partial<NodeSpec> = {
  latencyMs: (_, batch, items) =>
    items.some(({ payload }) => isPoison(payload)) ? 30_000 : 40 * batch,
}

const audited = (scene: Scene, isOf: (payload: unknown) => boolean) =>
  scene.dispatched().filter(({ node, items }) =>
    node === 'auditor' && items.some(({ payload }) => isOf(payload))
  ).length

Deno.test('an input that takes the auditor half a minute gets no lie answered', () => {
  const scene = withAuditor(slowAtPoison)
  scene.node('liar', { says: liar(), slots: 8, voter: 'x' })
  scene.node('honest', { voter: 'x' })
  scene.wait(500)
  scene.ask(1, 100, 4000, 'poison')
  scene.ask(600, 50)
  scene.wait(40_000)
  const { right, lies } = count(scene)
  assert.equal(lies, 0)
  assert.ok(right > 200, `${right} answered`)
})

Deno.test('an input that the auditor failed at is not tried again', () => {
  const scene = withAuditor(slowAtPoison)
  scene.node('a', { voter: 'x' })
  scene.wait(500)
  for (let i = 0; i < 10; i++) scene.ask(1, 15_000, 15_000, 'q', { payload: 'poison' })
  assert.deepEqual(count(scene), { right: 0, lies: 0, failed: { node_failed: 10 } })
  assert.equal(audited(scene, isPoison), 1)
  assert.notEqual(scene.trustOf('a')!.standing, 'quarantined')
})

Deno.test('slow inputs of one client at the auditor do not delay other clients', () => {
  const scene = withAuditor(slowAtPoison)
  // Each node is present too briefly to be trusted.
  const come = (i: number) => scene.node(`n${i}`, { slots: 4 })
  come(0)
  scene.wait(500)
  for (let i = 0; i < 200; i++) {
    if (i % 4 === 0) scene.ask(1, 0, 60_000, 'poison', { client: 'a' })
    scene.ask(1, 500, 4000, 'good', { client: 'b' })
    if (i % 4 !== 3) continue
    scene.leave(`n${i >> 2}`)
    come((i >> 2) + 1)
    scene.wait(100)
  }
  scene.wait(60_000)
  const right = [...scene.answers].filter(([id, [one]]) => id.startsWith('good') && one!.answer.ok)
  assert.ok(right.length > 160, `${right.length} of 200`)
})

Deno.test('before the auditor is up no results of strangers are answered, though they agree', () => {
  const scene = createScene({ audited: true, questions: false })
  for (const i of [1, 2, 3]) scene.node(`n${i}`)
  scene.wait(500)
  scene.ask(30, 300)
  const early = count(scene)
  scene.node('auditor', { judge: true })
  scene.wait(500)
  scene.ask(30, 300)
  assert.deepEqual([early.right, count(scene).right], [0, 30])
})

Deno.test('a client that accepts unconfirmed results gets them at once, marked as such', () => {
  const scene = createScene({ audited: true, questions: false })
  scene.node('a')
  scene.wait(500)
  scene.ask(5, 300, 4000, 'q', { unverified: true })
  const answers = [...scene.answers.values()].map(([one]) => one!.answer)
  assert.deepEqual(answers.map((one) => one.ok && one.verified), Array(5).fill(false))
  scene.node('auditor', { judge: true })
  scene.wait(500)
  scene.ask(1, 4000)
  const last = [...scene.answers.values()].at(-1)![0]!.answer
  assert.ok(last.ok && last.verified === undefined)
})

Deno.test('strangers get no items of variants that the auditor cannot run, if no node is trusted', () => {
  const scene = withAuditor({ able: refs.filter(({ variant }) => variant === 'small') })
  scene.node('a', { says: liar() })
  scene.node('b')
  scene.wait(500)
  scene.ask(20)
  scene.wait(4000)
  assert.deepEqual(count(scene), { right: 20, lies: 0, failed: {} })
})

/** Lying nodes are found, and their results do not reach clients. */
import assert from 'node:assert/strict'
import { runTrust } from '../../../src/bench/trust/trust.ts'
import { LIES } from '../../../src/bench/trust/trust_lies.ts'
import { createScene, liar } from './scene.ts'

// Demand is so high that no node rests: an idle node cannot be found out, nor do harm.
for (const lie of Object.keys(LIES)) {
  Deno.test(`a lying node is quarantined: ${lie}`, () => {
    const { queriesUntilQuarantine, wrong, answered, late, honestQuarantined } = runTrust({
      ...{ lies: [lie], honest: 2, own: 1, seconds: 40, rate: 10, seed: 2 },
    })
    assert.notEqual(queriesUntilQuarantine[0], null)
    assert.equal(honestQuarantined, 0)
    assert.equal(late, 0)
    // A node that lies seldom may be trusted before it is found.
    assert.ok(
      wrong <= (lie.includes('one time in') ? 0.1 * answered : 0),
      `${wrong} of ${answered} wrong`,
    )
  })
}

Deno.test('no wrong answer is given after the first minute, with three of ten nodes lying', () => {
  const { wrongLater, answeredLater, extraShareLater, honestQuarantined } = runTrust({
    ...{ lies: ['garbage', 'nothing found', 'subtly wrong numbers'], honest: 7, own: 0 },
    ...{ seconds: 150, rate: 12, seed: 4 },
  })
  assert.ok(answeredLater > 1000)
  assert.equal(wrongLater, 0)
  assert.equal(honestQuarantined, 0)
  assert.ok(extraShareLater <= 0.05, `${extraShareLater} extra`)
})

Deno.test('results of a new node wait for another to confirm them, and a third decides', () => {
  const scene = createScene()
  scene.node('own', { own: true, slowness: 3 })
  scene.node('liar', { says: liar(), slowness: 0.5 })
  scene.wait(1000)
  scene.ask(12)
  scene.wait(5000)
  assert.deepEqual(scene.wrong(), [])
  assert.equal(scene.answers.size, 12)
  assert.equal(scene.trustOf('liar')!.standing, 'quarantined')
  assert.match(scene.trustOf('liar')!.reason, /disagree|known/)
  assert.deepEqual(scene.violations, [])
})

Deno.test('a node in quarantine gets no queries, also after it joined again', () => {
  const scene = createScene()
  scene.node('own', { own: true })
  scene.node('liar', { says: liar() })
  scene.wait(1000)
  scene.ask(10)
  assert.equal(scene.trustOf('liar')!.standing, 'quarantined')
  scene.leave('liar')
  scene.node('liar', { says: liar() })
  // The driver of the scheduler forgot the node when it left, and gets the event again.
  const standings = scene.judged().filter(([id]) => id === 'liar').map(([, to]) => to)
  assert.deepEqual(standings, ['quarantined', 'quarantined'])
  const from = scene.dispatched().length
  scene.ask(20)
  const later = scene.dispatched().slice(from).filter(({ node }) => node === 'liar')
  // Canaries still go on: no query waits for those.
  assert.ok(later.every(({ items }) => items.every(({ query }) => query === '')))
  assert.equal(scene.trustOf('liar')!.standing, 'quarantined')
})

Deno.test('a node that tells the truth again leaves quarantine, and proves itself again', () => {
  const scene = createScene()
  const lie = liar()
  scene.node('own', { own: true })
  scene.node('sinner', {
    says: (truth, payload, ref, nowMs) => nowMs < 5000 ? lie(truth, payload, ref, nowMs) : truth,
  })
  scene.wait(1000)
  scene.ask(400)
  const standings = scene.judged().filter(([id]) => id === 'sinner').map(([, to]) => to)
  assert.deepEqual(standings, ['quarantined', 'proving', 'trusted'])
  assert.deepEqual(scene.wrong(), [])
})

Deno.test('a trusted node that begins to lie is found by the few results that are compared', () => {
  const scene = createScene()
  const lie = liar()
  let lying = false
  scene.node('own', { own: true })
  scene.node('a', {
    says: (truth, payload, ref, nowMs) => lying ? lie(truth, payload, ref, nowMs) : truth,
    slowness: 0.5,
  })
  scene.wait(1000)
  scene.ask(150)
  assert.equal(scene.trustOf('a')!.standing, 'trusted')
  assert.ok(scene.trustOf('a')!.trust > 0.5)
  lying = true
  scene.ask(200)
  assert.equal(scene.trustOf('a')!.standing, 'quarantined')
})

Deno.test('a wrong trusted node raises the share of checks of all nodes for a while', () => {
  const scene = createScene()
  const lie = liar()
  let lying = false
  scene.node('own', { own: true, slowness: 3 })
  scene.node('a', {
    says: (truth, payload, ref, nowMs) => lying ? lie(truth, payload, ref, nowMs) : truth,
  })
  scene.node('b')
  scene.wait(1000)
  scene.ask(400, 100)
  for (const id of ['a', 'b']) assert.ok(scene.trustOf(id)!.trust > 0.9, id)
  /** Share of items that were checked, by node. */
  const checked = (queries: number) => {
    const before = scene.scheduler.stats().extra!
    scene.ask(queries, 100)
    const after = scene.scheduler.stats().extra!
    return (after.replicas - before.replicas) / (after.items - before.items)
  }
  const usual = checked(100)
  lying = true
  for (let i = 0; i < 400 && scene.trustOf('a')!.failed === 0; i++) scene.ask(1, 100)
  scene.leave('a')
  const then = checked(100)
  assert.ok(then > 2 * usual, `${then}, usually ${usual}`)
})

/** Nodes that fail or fall silent: what counts against which node, and where work goes meanwhile. */
import assert from 'node:assert/strict'
import { claimOf, runBlackHoles, runNewcomers } from '../../../src/bench/blackholes/blackholes.ts'
import { pipeline } from '../../../src/bench/trust/trust_lies.ts'
import type { NodeSpec } from '../../../src/sim/node.ts'
import { createScene } from './scene.ts'

const standingsOf = (scene: ReturnType<typeof createScene>, id: string) =>
  scene.judged().filter(([node]) => node === id).map(([, standing]) => standing)

/** Batches with a query's items that were sent to nodes whose id matches. */
const givenTo = (scene: ReturnType<typeof createScene>, isOne: (id: string) => boolean) =>
  scene.dispatched().filter(({ node, items }) =>
    isOne(node) && items.some(({ query }) => query !== '')
  )

for (const fault of ['fail at once', 'fail late', 'say nothing']) {
  Deno.test(`new nodes beside an own one that ${fault} get no query, and are quarantined`, () => {
    for (const nodes of [1, 16]) {
      const { asked, answered, given, quarantinedS } = runBlackHoles({ fault, nodes })
      assert.ok(asked > 100)
      assert.equal(answered, asked)
      assert.equal(given, 0)
      assert.equal(quarantinedS.length, nodes)
    }
  })
}

Deno.test('new nodes ten times as slow as they report cost no query', () => {
  for (const nodes of [1, 16]) {
    const { asked, answered } = runBlackHoles({ fault: 'slow by ten', nodes })
    assert.equal(answered, asked)
  }
})

Deno.test('nodes that turn hostile after good work lose few queries, and are quarantined', () => {
  for (const fault of ['fail at once', 'fail late', 'say nothing']) {
    const { asked, answered, quarantinedS } = runBlackHoles({ fault, nodes: 4, honestS: 30 })
    // Batches under way at that moment may be lost; before, an eighth of all was.
    assert.ok(asked - answered <= 0.02 * asked, `${answered} of ${asked}`)
    assert.equal(quarantinedS.length, 4, fault)
  }
})

Deno.test('honest newcomers do their full share within half a minute', () => {
  const { shares, firstQueryS, extraShare } = runNewcomers()
  assert.ok(shares.at(-1)! >= 0.9, `${shares}`)
  assert.ok(Math.max(...firstQueryS) < 30, `${firstQueryS}`)
  assert.ok(extraShare < 0.1, `${extraShare}`)
})

Deno.test('new nodes do not change which queries a busy own node admits', () => {
  const run = (holes: number) => {
    const scene = createScene({ hedge: true })
    scene.node('own', { own: true })
    scene.wait(1000)
    for (let i = 0; i < holes; i++) {
      scene.node(`hole-${i}`, { slots: 4, slowness: 0.5, faults: { hangRatio: 1 } })
    }
    // Questions about unknown answers are asked while no query waits.
    scene.wait(3000)
    scene.ask(100, 50)
    scene.wait(pipeline.sloMs)
    assert.deepEqual(scene.violations, [])
    return [...scene.answers.values()].filter(([one]) => one!.answer.ok).length
  }
  const alone = run(0)
  assert.ok(alone > 10 && alone < 90, `${alone}`)
  assert.ok(run(16) >= alone, `${run(16)}, alone ${alone}`)
})

Deno.test('batch times of new nodes do not affect estimates of an own one, before or after they leave', () => {
  const scene = createScene({ hedge: true })
  scene.node('own', { own: true })
  scene.wait(500)
  scene.ask(10, 500)
  for (let i = 0; i < 4; i++) {
    const node = `hole-${i}`
    scene.node(node, { slots: 4, faults: { hangRatio: 1 } })
    scene.post({ type: 'node_reported', node, profile: claimOf(4) })
  }
  scene.ask(20, 500)
  for (let i = 0; i < 4; i++) scene.leave(`hole-${i}`)
  // By the reference latency the quickest path takes 100 ms.
  scene.ask(20, 500, 400)
  scene.wait(pipeline.sloMs)
  const all = [...scene.answers.values()].map(([one]) => one!.answer.ok)
  assert.deepEqual(all, Array(50).fill(true))
})

/** Demand so low that the own node alone could answer all. */
const GAP_MS = 1000

/** A node that has proven itself beside a slower own one, so that it gets the work. */
function provenScene(given: Partial<NodeSpec>) {
  const scene = createScene()
  scene.node('own', { own: true, slowness: 3 })
  scene.node('new', given)
  scene.wait(4000)
  scene.ask(30, GAP_MS)
  assert.equal(scene.trustOf('new')!.standing, 'trusted')
  assert.ok(givenTo(scene, (id) => id === 'new').length > 30)
  return scene
}

Deno.test('a proven node that fails once shows again that it works, and goes on', () => {
  let failures = 0
  const faults = {
    get failRatio() {
      return failures-- > 0 ? 1 : 0
    },
  }
  const scene = provenScene({ faults })
  failures = 1
  scene.ask(40, GAP_MS)
  scene.wait(pipeline.sloMs)
  assert.ok(failures < 0)
  assert.equal(scene.trustOf('new')!.standing, 'trusted')
  assert.deepEqual(standingsOf(scene, 'new').slice(-2), ['proving', 'trusted'])
  assert.ok(!standingsOf(scene, 'new').includes('quarantined'))
  assert.ok([...scene.answers.values()].every(([one]) => one!.answer.ok))
})

Deno.test('an honest node whose link drops once, with batches under way, is not quarantined', () => {
  const scene = provenScene({ slots: 4 })
  while (!scene.dispatched().at(-1)!.node.startsWith('new')) scene.ask(1, 50)
  scene.leave('new')
  scene.ask(5, GAP_MS)
  scene.node('new', { slots: 4 })
  scene.ask(40, GAP_MS)
  scene.wait(pipeline.sloMs)
  assert.ok(!standingsOf(scene, 'new').includes('quarantined'))
  assert.equal(scene.trustOf('new')!.standing, 'trusted')
  assert.ok([...scene.answers.values()].every(([one]) => one!.answer.ok))
})

Deno.test('a node whose check of an item was cancelled is asked again, and nothing counts against it', () => {
  const scene = createScene()
  const missing = { ok: false, fatal: false, reason: 'node_failed', message: 'no' } as const
  const told = new Set<unknown>()
  const says: NonNullable<NodeSpec['says']> = (truth, payload) => {
    if (told.has(payload)) return truth
    told.add(payload)
    // One item in two was given up.
    return told.size % 2 === 0 ? { ...missing, excused: true } : truth
  }
  scene.node('own', { own: true, slowness: 3 })
  scene.node('a', { says })
  scene.wait(5000)
  scene.ask(40, 800)
  scene.wait(pipeline.sloMs)
  assert.ok(told.size > 10)
  assert.ok([...scene.answers.values()].every(([one]) => one!.answer.ok))
  assert.deepEqual(standingsOf(scene, 'a'), ['trusted'])
})

Deno.test('an input that no node can do counts against no node', () => {
  const scene = createScene()
  const internal = { ok: false, fatal: false, reason: 'internal', message: 'no' } as const
  const bad = new Set<unknown>()
  const says: NonNullable<NodeSpec['says']> = (truth, payload) =>
    bad.has(payload) ? internal : truth
  scene.node('own', { own: true, slowness: 3, says })
  for (const id of ['a', 'b', 'c']) scene.node(id, { says })
  scene.wait(1000)
  scene.ask(120, 100)
  scene.wait(pipeline.sloMs)
  for (let i = 0; i < 20; i++) {
    bad.add(`q${scene.answers.size}`)
    scene.ask(1, 2000)
    scene.ask(5, 100)
    scene.wait(pipeline.sloMs)
  }
  const failed = [...scene.answers.values()].filter(([one]) => !one!.answer.ok)
  assert.equal(failed.length, bad.size)
  for (const id of ['a', 'b', 'c']) {
    assert.ok(!standingsOf(scene, id).includes('quarantined'), id)
    assert.equal(scene.trustOf(id)!.failed, 0)
  }
})

Deno.test('work goes to any node if none has proven itself', () => {
  const scene = createScene()
  for (const id of ['a', 'b', 'c']) scene.node(id)
  scene.wait(200)
  scene.ask(20)
  scene.wait(pipeline.sloMs)
  assert.ok([...scene.answers.values()].every(([one]) => one!.answer.ok))
  assert.equal(givenTo(scene, () => true)[0]!.node.length, 1)
})

Deno.test('an item that failed on other nodes goes to an own node on its last attempt', () => {
  const scene = createScene()
  const faults = { failRatio: 0 }
  scene.node('own', { own: true, slowness: 3 })
  for (const id of ['a', 'b', 'c', 'd']) scene.node(id, { slots: 2, slowness: 0.5, faults })
  scene.wait(1000)
  scene.ask(200, 50)
  scene.wait(pipeline.sloMs)
  const before = scene.answers.size
  faults.failRatio = 1
  scene.ask(10, 1)
  scene.wait(2 * pipeline.sloMs)
  const later = [...scene.answers.values()].slice(before)
  const failures = later.flatMap(([one]) => one!.answer.ok ? [] : [one!.answer.reason])
  assert.ok(!failures.includes('node_failed'), `${failures}`)
})

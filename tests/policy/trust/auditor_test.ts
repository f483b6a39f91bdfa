/** The auditor: which nodes it checks, when, and that it is no part of the pool; and votes by voter. */
import assert from 'node:assert/strict'
import { Auditor } from '../../../src/policy/trust/auditor.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import type { PolicyEvent } from '../../../src/policy/core/types.ts'
import type { NodeSpec } from '../../../src/sim/node.ts'
import { finished } from '../by_hand.ts'
import { ocr } from '../fixtures.ts'
import { createScene } from './scene.ts'

/** The same wrong result for the same item, from any node. */
const conspirator: NonNullable<NodeSpec['says']> = (truth, _, { task }) => {
  if (!truth.ok) return truth
  if (task !== 'read') {
    return { ...truth, result: { ...truth.result as object, lines: 0 }, children: { read: [] } }
  }
  return { ok: true, result: { text: 'what we agreed on', confidence: 0.9 }, children: {} }
}

const addAuditor = (scene: ReturnType<typeof createScene>, spec: Partial<NodeSpec> = {}) =>
  scene.node('auditor', { judge: true, ...spec })

/** Three colluding liars and an honest node, with so many voters. */
function conspire(scene: ReturnType<typeof createScene>, voterOf: (i: number) => string) {
  for (let i = 1; i <= 3; i++) scene.node(`liar-${i}`, { says: conspirator, voter: voterOf(i) })
  scene.node('honest', { voter: voterOf(0) })
  scene.wait(500)
}

const LIARS = ['liar-1', 'liar-2', 'liar-3']

for (const [voters, voterOf] of [['one voter', () => 'x'], ['four voters', String]] as const) {
  Deno.test(`with an auditor three colluding liars are found: ${voters}`, () => {
    const scene = createScene()
    addAuditor(scene)
    conspire(scene, voterOf)
    scene.ask(100)
    scene.wait(5000)
    assert.deepEqual(scene.wrong(), [])
    assert.equal([...scene.answers.values()].filter(([one]) => one!.answer.ok).length, 100)
    for (const id of LIARS) assert.equal(scene.trustOf(id)!.standing, 'quarantined', id)
    assert.equal(scene.trustOf('honest')!.standing, 'trusted')
    assert.deepEqual(scene.violations, [])
  })
}

Deno.test('without an auditor the nodes of one voter prove nothing about each other', () => {
  const scene = createScene()
  conspire(scene, () => 'x')
  scene.ask(100)
  scene.wait(5000)
  assert.deepEqual(scene.judged(), [])
  for (const id of [...LIARS, 'honest']) assert.equal(scene.trustOf(id)!.passed, 0, id)
  assert.deepEqual(scene.violations, [])
})

Deno.test('two voters that agree answer a query and prove nothing, three do', () => {
  for (const voters of [2, 3]) {
    const scene = createScene()
    for (let i = 0; i < 4; i++) scene.node(`n${i}`, { voter: `${i % voters}` })
    scene.wait(500)
    scene.ask(60)
    scene.wait(5000)
    assert.deepEqual(scene.wrong(), [])
    assert.equal(scene.answers.size, 60)
    const passed = [0, 1, 2, 3].map((i) => scene.trustOf(`n${i}`)!.passed)
    assert.equal(passed.some((count) => count > 0), voters === 3, `${voters}: ${passed}`)
  }
})

Deno.test('newcomers of one address are trusted within seconds, even without queries', () => {
  const scene = createScene()
  addAuditor(scene)
  for (let i = 0; i < 4; i++) scene.node(`n${i}`, { voter: 'x' })
  scene.wait(10_000)
  for (let i = 0; i < 4; i++) assert.equal(scene.trustOf(`n${i}`)!.standing, 'trusted')
})

Deno.test('the auditor serves no query, and is no node of the pool', () => {
  const scene = createScene()
  addAuditor(scene)
  scene.wait(500)
  scene.ask(1)
  assert.deepEqual([...scene.answers.values()].map(([one]) => one!.answer.ok), [false])
  scene.node('a')
  scene.wait(500)
  scene.ask(50)
  scene.wait(5000)
  const audited = scene.dispatched().filter(({ node }) => node === 'auditor')
  assert.ok(audited.length > 10)
  for (const { items } of audited) assert.ok(items.every(({ query }) => query === ''))
  assert.deepEqual(Object.keys(scene.scheduler.stats().nodes), ['a'])
  const { awake, standby, resting } = scene.scheduler.plan()
  assert.equal(awake + standby + resting, 1)
  assert.ok(scene.scheduler.stats().extra!.audits > 10)
})

Deno.test('the auditor gets no checks if no stranger is present', () => {
  const scene = createScene()
  addAuditor(scene)
  scene.node('own', { own: true })
  scene.wait(1000)
  scene.ask(20)
  assert.deepEqual(scene.dispatched().filter(({ node }) => node === 'auditor'), [])
})

Deno.test('idle own nodes check before the auditor does', () => {
  const scene = createScene()
  addAuditor(scene)
  // One slot for each line of a page: some are idle whichever node serves the queries.
  scene.node('own', { own: true, slots: 4 })
  scene.node('a', { slowness: 0.2 })
  scene.wait(1000)
  const before = { ...scene.scheduler.stats().extra! }
  scene.ask(40)
  assert.equal(scene.trustOf('a')!.standing, 'trusted')
  const { audits, replicas } = scene.scheduler.stats().extra!
  assert.ok(audits - before.audits < replicas / 2, `${audits} audits, ${replicas} replicas`)
})

Deno.test('a result of the auditor that is too late for the query counts all the same', () => {
  const scene = createScene()
  // Longer than any query has.
  addAuditor(scene, { latencyMs: () => 5000 })
  scene.node('liar', { says: conspirator })
  scene.node('a', { voter: 'x' })
  scene.wait(500)
  scene.ask(20, 1000)
  scene.wait(30_000)
  assert.equal(scene.answers.size, 20)
  assert.equal(scene.trustOf('liar')!.standing, 'quarantined')
  assert.notEqual(scene.trustOf('a')!.standing, 'quarantined')
  assert.deepEqual(scene.violations, [])
})

Deno.test('a query that the auditor cannot confirm in time is refused with a retry time', () => {
  const scene = createScene({ questions: false })
  addAuditor(scene, { latencyMs: () => 5000 })
  scene.node('a', { voter: 'x' })
  scene.wait(500)
  // Its pace is not known at first.
  scene.ask(60, 100)
  scene.wait(30_000)
  const answers = () => [...scene.answers.values()].map(([one]) => one!.answer)
  scene.ask(100, 100)
  scene.wait(5000)
  assert.ok(answers().every(({ ok }) => !ok))
  const refused = answers().slice(60).filter((one) => !one.ok && one.retryAfterMs! > 0)
  // Now and then a query is admitted to see whether that still holds.
  assert.ok(refused.length >= 95, `${refused.length} refused`)
  // Queries with enough time are answered.
  scene.ask(1, 60_000, 60_000)
  assert.equal(answers().filter(({ ok }) => ok).length, 1)
  assert.deepEqual(scene.wrong(), [])
})

Deno.test('while an auditor fails or is away no results of strangers are answered, and no node is blamed', () => {
  for (const faults of [undefined, { loadFailRatio: 1 }, { failRatio: 1 }, { hangRatio: 1 }]) {
    const scene = createScene({ questions: false })
    addAuditor(scene, faults === undefined ? {} : { faults })
    if (faults === undefined) scene.leave('auditor')
    scene.node('a', { voter: 'x' })
    scene.node('b', { voter: 'y' })
    scene.wait(500)
    scene.ask(30)
    scene.wait(40_000)
    assert.equal(scene.answers.size, 30)
    for (const [{ answer }] of scene.answers.values() as Iterable<[{ answer: { ok: boolean } }]>) {
      assert.equal(answer.ok, false, JSON.stringify(faults))
    }
    for (const id of ['a', 'b']) assert.notEqual(scene.trustOf(id)!.standing, 'quarantined')
    assert.deepEqual(scene.violations, [])
  }
})

Deno.test('an auditor that takes half a minute per question still makes a newcomer trusted in the end', () => {
  const scene = createScene()
  addAuditor(scene, { latencyMs: () => 25_000 })
  scene.node('a', { voter: 'x' })
  scene.wait(400_000)
  assert.equal(scene.trustOf('a')!.standing, 'trusted')
})

Deno.test('an auditor that returned after a fault goes on checking', () => {
  const scene = createScene()
  addAuditor(scene)
  scene.node('a', { voter: 'x' })
  scene.wait(200)
  scene.leave('auditor')
  scene.wait(1000)
  addAuditor(scene)
  scene.wait(10_000)
  assert.equal(scene.trustOf('a')!.standing, 'trusted')
})

Deno.test('the auditor unloads the variant unused for longest, and holds a large one alone', () => {
  const shapes = shapesOf([ocr])
  const said: string[] = []
  const events: PolicyEvent[] = []
  const auditor = new Auditor(shapes, (command) => {
    if (command.type === 'dispatch') events.push(finished(command.batch))
    if (command.type !== 'load' && command.type !== 'unload') return
    const { type, ...ref } = command
    said.push(`${type} ${sizes.findIndex((_, i) => shapes.variants[i] === shapes.find(ref))}`)
    if (type === 'load') events.push({ ...ref, type: 'instance_ready' })
  })
  const sizes = [50e6, 50e6, 50e6, 200e6]
  const able = sizes.map((memoryBytes, i) => ({ ...shapes.variants[i]!.ref, memoryBytes }))
  events.push({ type: 'node_joined', node: 'a', slots: 1, duty: 1, able, judge: true })
  const take = () => {
    for (let event = events.shift(); event !== undefined; event = events.shift()) {
      assert.ok(auditor.takes(event, 0))
    }
  }
  take()
  for (const i of [0, 1, 0, 2, 0, 1, 3, 0]) {
    let heard = 0
    auditor.ask({
      variant: shapes.variants[i]!,
      items: [{ query: '', payload: i }],
      like: undefined,
      limitMs: 1000,
      ended: (_, __, event) => event === undefined ? assert.fail() : heard++,
    }, 0)
    take()
    assert.equal(heard, 1)
  }
  assert.deepEqual(said, [
    ...['load 0', 'load 1', 'unload 1', 'load 2', 'unload 2', 'load 1'],
    ...['unload 0', 'unload 1', 'load 3', 'unload 3', 'load 0'],
  ])
})

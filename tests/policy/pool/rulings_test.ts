/** Variants that are pinned or forbidden while the pool serves. */
import assert from 'node:assert/strict'
import { createPolicy } from '../../../src/peers/policies.ts'
import { createRulings } from '../../../src/policy/state/rulings.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import type { Answer, PolicyEvent, VariantRuling } from '../../../src/policy/core/types.ts'
import { createPool, nodeOf, ocr, refsOf, street } from '../fixtures.ts'

type Pool = ReturnType<typeof createPool>

const ruling = (task: string, variant: string, ruling: VariantRuling['ruling']): VariantRuling => (
  { pipeline: 'ocr', task, variant, ruling }
)

function ask(pool: Pool, query: string, minAccuracy?: number): Answer {
  pool.ask(query, 'ocr', 5000, minAccuracy)
  pool.run(pool.time.nowMs + 6000)
  const answers = pool.answers.get(query) ?? []
  assert.equal(answers.length, 1)
  return answers[0]!.answer
}

function pathOf(pool: Pool, query: string) {
  const answer = ask(pool, query)
  assert.ok(answer.ok)
  return Object.fromEntries(
    Object.entries(answer.path).map(([task, counts]) => [task, Object.keys(counts).join()]),
  )
}

const held = (pool: Pool) =>
  [...new Set(pool.scheduler.plan().instances.map(({ variant }) => variant))].sort()

function serving(slots = 1) {
  const pool = createPool([ocr], { childCount: () => 2 })
  pool.join(nodeOf('a', [ocr], { slots }))
  pool.join(nodeOf('b', [ocr], { slots, slowness: 3 }))
  pool.run(500)
  return pool
}

Deno.test('a forbidden variant is let go of, used no more, and comes back when it is allowed', () => {
  const pool = serving()
  assert.deepEqual(pathOf(pool, 'before'), { detect: 'large', read: 'big' })
  pool.post({ type: 'rulings_changed', rulings: [ruling('read', 'big', 'forbidden')] })
  assert.deepEqual(pathOf(pool, 'forbidden'), { detect: 'large', read: 'mid' })
  assert.deepEqual(held(pool), ['large', 'mid', 'small', 'tiny'])
  const plan = pool.scheduler.plan()
  assert.match(plan.reason, /read big is forbidden/)
  assert.equal(plan.mode, 'hardware', 'what is left is the best there is')
  pool.post({ type: 'rulings_changed', rulings: [] })
  assert.deepEqual(pathOf(pool, 'after'), { detect: 'large', read: 'big' })
  assert.doesNotMatch(pool.scheduler.plan().reason, /forbidden/)
  assert.deepEqual(pool.violations, [])
})

Deno.test('a pinned variant serves its task alone, under load too, and new nodes load no other', () => {
  const pool = serving(2)
  pool.post({ type: 'rulings_changed', rulings: [ruling('read', 'tiny', 'pinned')] })
  pool.join(nodeOf('late', [ocr]))
  pool.run(2000)
  for (let i = 0; i < 200; i++) {
    pool.ask(`q${i}`, 'ocr', 5000)
    pool.run(pool.time.nowMs + 20)
  }
  pool.run(pool.time.nowMs + 6000)
  for (let i = 0; i < 200; i++) {
    const { answer } = pool.answers.get(`q${i}`)![0]!
    if (answer.ok) assert.deepEqual(Object.keys(answer.path['read'] ?? {}), ['tiny'])
  }
  assert.deepEqual(held(pool), ['large', 'small', 'tiny'])
  assert.match(pool.scheduler.plan().reason, /read tiny is pinned/)
  assert.deepEqual(pool.violations, [])
})

Deno.test('what runs when its variant is forbidden ends as it began, once', () => {
  const pool = serving()
  pool.ask('inside', 'ocr', 5000)
  pool.run(pool.time.nowMs + 30)
  pool.post({ type: 'rulings_changed', rulings: [ruling('detect', 'large', 'forbidden')] })
  pool.run(pool.time.nowMs + 6000)
  const answers = pool.answers.get('inside')!
  assert.equal(answers.length, 1)
  assert.ok(answers[0]!.answer.ok)
  assert.deepEqual(pool.violations, [])
})

Deno.test('a variant goes only once another one serves its task', () => {
  const pool = createPool([ocr], { childCount: () => 2 })
  const able = [['detect', 'small'], ['read', 'tiny']].map(([task, variant]) => (
    { pipeline: 'ocr', task: task!, variant: variant! }
  ))
  pool.join(nodeOf('a', [ocr], { able }))
  pool.run(500)
  pool.post({ type: 'rulings_changed', rulings: [ruling('read', 'big', 'pinned')] })
  assert.deepEqual(pathOf(pool, 'alone'), { detect: 'small', read: 'tiny' })
  pool.join(nodeOf('b', [ocr], { loadMs: 300 }))
  pool.run(pool.time.nowMs + 3000)
  assert.equal(pathOf(pool, 'pinned')['read'], 'big')
  assert.deepEqual(held(pool), ['big', 'large', 'small'])
  assert.deepEqual(pool.violations, [])
})

Deno.test('a forbidden variant stays while all that could take its place are paused, and no longer', () => {
  const pool = createPool([ocr], { childCount: () => 2 })
  const able = refsOf(ocr).filter(({ variant }) => variant !== 'big')
  pool.join(nodeOf('a', [ocr], { able: refsOf(ocr).filter(({ variant }) => variant === 'big') }))
  pool.join(nodeOf('b', [ocr], { able }))
  pool.run(500)
  pool.pause('b', true)
  pool.post({ type: 'rulings_changed', rulings: [ruling('read', 'big', 'forbidden')] })
  pool.run(1000)
  assert.ok(held(pool).includes('big'))
  pool.pause('b', false)
  assert.ok(!held(pool).includes('big'))
  assert.deepEqual(pathOf(pool, 'q'), { detect: 'large', read: 'mid' })
})

Deno.test('an accuracy that only a forbidden variant reaches is refused without a time to retry', () => {
  const pool = serving()
  pool.post({ type: 'rulings_changed', rulings: [ruling('read', 'big', 'forbidden')] })
  const answer = ask(pool, 'too much', 0.8)
  assert.ok(!answer.ok)
  assert.equal(answer.reason, 'no_capable_node')
  assert.match(answer.message, /has 0.72 at best/)
  assert.equal(answer.retryAfterMs, undefined)
  assert.ok(ask(pool, 'just right', 0.72).ok)
})

Deno.test('bestFloor() is that of the weakest branch with the variants that are open', () => {
  const shapes = shapesOf([street])
  const rulings = createRulings()
  const shape = shapes.pipelines.get('street')!
  assert.equal(rulings.bestFloor(shape), shape.bestFloor)
  const plate = { pipeline: 'street', task: 'plate', variant: 'fine' }
  rulings.set([{ ...plate, ruling: 'forbidden' }])
  assert.equal(rulings.bestFloor(shape), 0.5)
  rulings.set([{ ...plate, ruling: 'pinned' }])
  assert.equal(rulings.bestFloor(shape), shape.bestFloor)
  // What was said before holds no more.
  rulings.set([{ ...plate, variant: 'fast', ruling: 'pinned' }])
  assert.equal(rulings.bestFloor(shape), 0.5)
  rulings.set([{ ...plate, variant: 'fast', ruling: 'forbidden' }])
  assert.equal(rulings.bestFloor(shape), shape.bestFloor)
  rulings.set([{ ...plate, ruling: 'forbidden' }])
  rulings.set([{ ...plate, task: 'face', ruling: 'forbidden' }])
  assert.equal(rulings.bestFloor(shape), 0.9)
})

Deno.test('slots that hold one variant each are placed anew around a pin', () => {
  const { scheduler, solve } = createPolicy('shoal', { pipelines: [ocr] })
  const held = new Map<string, string>()
  const loads: string[] = []
  let nowMs = 0
  const post = (event: PolicyEvent) => {
    for (const command of scheduler.handle(event, nowMs)) {
      if (command.type === 'solve') post({ type: 'plan_ready', plan: solve!(command) })
      if (command.type === 'unload') held.delete(command.node)
      if (command.type !== 'load') continue
      const { type: _, node, slot, ...ref } = command
      assert.ok(!held.has(node), 'there is room for one')
      held.set(node, ref.variant)
      loads.push(ref.variant)
      post({ type: 'instance_ready', node, slot, ...ref })
    }
  }
  const runFor = (ms: number) => {
    for (const untilMs = nowMs + ms; nowMs < untilMs; nowMs += 50) post({ type: 'wake' })
  }
  const able = refsOf(ocr).map((ref) => ({ ...ref, memoryBytes: 1 }))
  for (const node of ['a', 'b', 'c', 'd']) {
    post({ type: 'node_joined', node, slots: 1, duty: 1, able, memoryBytes: 1 })
  }
  runFor(5000)
  const before = [...held.values()]
  assert.ok(before.includes('large') && before.includes('big'), before.join())
  loads.length = 0
  post({ type: 'rulings_changed', rulings: [ruling('read', 'mid', 'pinned')] })
  runFor(15_000)
  const after = [...held.values()]
  assert.ok(after.includes('mid') && after.includes('large'), after.join())
  assert.ok(!after.includes('big') && !after.includes('tiny'), after.join())
  assert.ok(!loads.includes('big') && !loads.includes('tiny'), loads.join())
})

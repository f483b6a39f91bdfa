/** Inputs of checks: the coordinator's own questions, enough of them, and no client's input. */
import assert from 'node:assert/strict'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { trust as params } from '../../../src/policy/trust/params.ts'
import { Questions } from '../../../src/policy/trust/questions.ts'
import { single } from '../fixtures.ts'
import { createScene, refs } from './scene.ts'

/** The page of an input, or of a crop: `q3` of a client, `sample-3` of the coordinator. */
const pageOf = (payload: unknown): string =>
  (typeof payload === 'string' ? payload : (payload as { id: string }).id).split('/')[0]!

function askedOf(scene: ReturnType<typeof createScene>, id: string) {
  return scene.dispatched().filter(({ node }) => node === id)
    .flatMap(({ task, variant, items }) => items.map(({ payload }) => ({ task, variant, payload })))
}

Deno.test('a stranger that joins an idle pool gets no client input', () => {
  const scene = createScene()
  scene.node('own', { own: true, slowness: 3 })
  scene.node('early')
  scene.wait(1000)
  scene.ask(60, 300)
  scene.wait(60_000)
  const clients = askedOf(scene, 'early').filter(({ payload }) => pageOf(payload).startsWith('q'))
  assert.ok(clients.length > 0, 'nodes work on what clients ask')
  scene.node('late')
  scene.wait(120_000)
  const asked = askedOf(scene, 'late')
  for (const { payload } of asked) assert.match(pageOf(payload), /^sample-\d+$/)
  for (const { task } of refs) assert.ok(asked.some((one) => one.task === task), task)
  assert.equal(scene.trustOf('late')!.standing, 'trusted')
})

Deno.test('questions do not run out: a node gets them for hours, and none twice for a variant', () => {
  const scene = createScene()
  scene.node('own', { own: true })
  scene.node('new')
  scene.wait(4 * 3_600_000)
  const asked = askedOf(scene, 'new')
  const stock = refs.length * params.samples / 2
  assert.ok(asked.length > stock, `${asked.length} of a first stock of ${stock}`)
  for (const { task, variant } of refs) {
    const same = asked.filter((one) => one.task === task && one.variant === variant)
      .map(({ payload }) => payload)
    assert.equal(new Set(same).size, same.length)
  }
  assert.equal(scene.trustOf('new')!.standing, 'trusted')
})

Deno.test('a gathering task gets questions made of several answers to own questions', () => {
  const shape = shapesOf([{
    ...single,
    root: 'read',
    tasks: {
      read: { next: ['field'], variants: { only: { accuracy: 1, fanOut: {} } } },
      field: { next: [], gather: true, variants: { only: { accuracy: 1, fanOut: {} } } },
    },
  }]).pipelines.get('single')!
  const [read, field] = shape.tasks
  const questions = new Questions(() => 'made', (items) => items.map(({ result }) => result))
  assert.equal(questions.next(field!), undefined)
  for (let i = 0; i < params.gathered; i++) {
    assert.equal(questions.has(field!), false)
    const payload = questions.next(read!)!
    questions.learn(read!.variants[0]!, payload, { ok: true, result: `line ${i}`, children: {} })
  }
  const lines = Array.from({ length: params.gathered }, (_, i) => `line ${i}`)
  assert.deepEqual(questions.next(field!), lines)
  assert.equal(questions.next(field!), undefined)
})

import assert from 'node:assert/strict'
import { classify } from '../../../src/policy/state/classes.ts'
import { PROOF } from '../../../src/policy/state/node.ts'
import { Profile } from '../../../src/policy/estimate/profile.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { PoolNode } from '../../../src/policy/state/node.ts'
import { createRandom, lognormal } from '../../../src/sim/random.ts'
import { ocr } from '../fixtures.ts'

const shapes = shapesOf([ocr])

function nodeOf(id: string, given: Partial<PoolNode> = {}): PoolNode {
  const event = { type: 'node_joined', node: id, slots: 0, duty: 1, able: [] } as const
  const times = given.times ?? new Profile().of(id)
  const { able = shapes.variants } = given
  return Object.assign(new PoolNode({ ...event, able: [] }, times, PROOF.own), { able }, given)
}

function measured(speeds: { [id: string]: number }) {
  const profile = new Profile()
  for (const [id, slowness] of Object.entries(speeds)) {
    for (const variant of shapes.variants) {
      profile.measured(id, variant, [{ batch: 1, latencyMs: variant.referenceMs! * slowness }])
    }
  }
  return profile
}

Deno.test('classify() puts nodes of similar speed together, whatever their names', () => {
  const profile = measured({ a: 1, b: 1.1, c: 4, d: 3.8, e: 0.95 })
  const nodes = ['a', 'b', 'c', 'd', 'e'].map((id) => nodeOf(id, { times: profile.of(id) }))
  const classes = classify(nodes, [])
  assert.deepEqual(classes.map(({ nodes }) => nodes.map(({ id }) => id)), [['a', 'b', 'e'], [
    'c',
    'd',
  ]])
})

Deno.test('classify() separates far nodes from near ones, relative to the SLO', () => {
  const { sloMs } = ocr
  const away = { a: 0.01, b: 0.2, c: 0.05, d: 0.22 }
  const profile = measured({ a: 1, b: 1, c: 1, d: 1 })
  for (const [id, share] of Object.entries(away)) profile.roundTrip(id, share * sloMs)
  const nodes = Object.keys(away).map((id) => nodeOf(id, { times: profile.of(id) }))
  const named = (classes: ReturnType<typeof classify>) =>
    classes.map(({ nodes }) => nodes.map(({ id }) => id))
  const classes = classify(nodes, [])
  assert.deepEqual(named(classes), [['a', 'c'], ['b', 'd']])
  // A node that comes a little nearer stays in its class; one that is near changes it.
  profile.roundTrip('d', 0.15 * sloMs)
  assert.deepEqual(named(classify(nodes, classes)), [['a', 'c'], ['b', 'd']])
  profile.roundTrip('d', 0.02 * sloMs)
  assert.deepEqual(named(classify(nodes, classes)), [['a', 'c', 'd'], ['b']])
})

Deno.test('classify() separates nodes that are quick at different variants', () => {
  const profile = new Profile()
  for (const [id, detect, read] of [['gpu', 0.2, 2], ['cpu', 1, 1]] as const) {
    for (const variant of shapes.variants) {
      const slowness = variant.task.name === 'detect' ? detect : read
      profile.measured(id, variant, [{ batch: 1, latencyMs: variant.referenceMs! * slowness }])
    }
  }
  assert.equal(
    classify([
      nodeOf('gpu', { times: profile.of('gpu') }),
      nodeOf('cpu', { times: profile.of('cpu') }),
    ], []).length,
    2,
  )
})

Deno.test('classify() separates nodes with different able variants', () => {
  const nodes = [
    nodeOf('a'),
    nodeOf('b', { able: shapes.variants.slice(1) }),
    nodeOf('c', { memoryBytes: 5e8 }),
  ]
  assert.equal(classify(nodes, []).length, 3)
})

Deno.test('classify() keeps a node in its class while corrections are small', () => {
  const profile = measured({ a: 1, b: 1, c: 1.3 })
  const nodes = ['a', 'b', 'c'].map((id) => nodeOf(id, { times: profile.of(id) }))
  let classes = classify(nodes, [])
  const names = nodes.map((node) => node.class)
  const random = createRandom(3)
  for (let round = 0; round < 50; round++) {
    for (const { id } of nodes) {
      for (const variant of shapes.variants) {
        const slowness = id === 'c' ? 1.3 : 1
        profile.ran(id, variant, 1, variant.referenceMs! * slowness * lognormal(random, 0.1))
      }
    }
    classes = classify(nodes, classes)
    assert.deepEqual(nodes.map((node) => node.class), names)
  }
  for (let i = 0; i < 30; i++) {
    for (const variant of shapes.variants) profile.ran('c', variant, 1, variant.referenceMs! * 10)
  }
  classes = classify(nodes, classes)
  assert.notEqual(nodes[2]!.class, nodes[0]!.class)
  assert.equal(nodes[1]!.class, nodes[0]!.class)
})

Deno.test('classify() makes at most twelve classes of equal able variants', () => {
  const ids = Array.from({ length: 40 }, (_, i) => `n${i}`)
  const profile = measured(Object.fromEntries(ids.map((id, i) => [id, 1.5 ** i])))
  const classes = classify(ids.map((id) => nodeOf(id, { times: profile.of(id) })), [])
  assert.equal(classes.length, 12)
  assert.equal(classes.reduce((sum, { nodes }) => sum + nodes.length, 0), 40)
})

Deno.test('classify() returns a node to its class once it is as quick as the others again', () => {
  const profile = measured({ a: 1, b: 1 })
  const nodes = ['a', 'b'].map((id) => nodeOf(id, { times: profile.of(id) }))
  let classes = classify(nodes, [])
  const run = (slowness: number) => {
    for (let i = 0; i < 60; i++) {
      for (const variant of shapes.variants) {
        profile.ran('b', variant, 1, variant.referenceMs! * slowness)
      }
    }
    return classes = classify(nodes, classes)
  }
  assert.equal(classes.length, 1)
  assert.equal(run(3).length, 2)
  assert.deepEqual(run(1).map(({ nodes }) => nodes.map(({ id }) => id)), [['a', 'b']])
  assert.equal(nodes[1]!.class, nodes[0]!.class)
})

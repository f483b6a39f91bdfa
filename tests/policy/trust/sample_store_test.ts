/** Samples: how many are kept, and which node gets which. */
import assert from 'node:assert/strict'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { SampleStore } from '../../../src/policy/trust/sample_store.ts'
import { single } from '../fixtures.ts'

const MIB = 2 ** 20
const [quick, exact] = shapesOf([single]).pipelines.get('single')!.root.variants

/** A store for inputs that state their own weight. */
function storeOf() {
  const store = new SampleStore((payload) => (payload as { bytes: number }).bytes)
  const payload = (name: string, bytes = 1) => ({ name, bytes })
  const add = (variant: typeof quick, one: { name: string }, backend = 'wasm', by: string[] = []) =>
    store.add(variant!, one, { outcome: { ok: true, result: 1, children: {} }, backend }, by)
  const unseen = (node: string, variant = quick, most = 100, backend?: string) =>
    store.unseenBy(node, variant!, most, backend)
  const names = (...given: Parameters<typeof unseen>) =>
    unseen(...given).map((known) => (known.payload as { name: string }).name)
  return { store, payload, add, unseen, names }
}

Deno.test('the latest eight known answers of a variant are kept, each input once', () => {
  const { payload, add, names } = storeOf()
  const inputs = Array.from({ length: 10 }, (_, i) => payload(`${i}`, 8 * MIB))
  for (const one of inputs) add(quick, one)
  assert.deepEqual(names('a'), ['2', '3', '4', '5', '6', '7', '8', '9'])
  add(quick, inputs[9]!)
  assert.equal(names('a').length, 8)
  add(exact, payload('too large', 8 * MIB + 1))
  assert.deepEqual(names('a', exact), [])
})

Deno.test('known answers stay within their memory limit: the heaviest variant gives some up', () => {
  for (const isFirst of [true, false]) {
    const { store, payload, add, unseen, names } = storeOf()
    const many = () => {
      for (let i = 0; i < 8; i++) add(quick, payload(`${i}`, 8 * MIB))
    }
    if (isFirst) many()
    add(exact, payload('a', 8 * MIB))
    if (!isFirst) many()
    assert.deepEqual([names('n').length, names('n', exact).length], [7, 1])
    assert.equal(names('n')[0], '1')
    // A dropped sample frees its room.
    store.drop(unseen('n')[0]!)
    add(exact, payload('b', 8 * MIB))
    assert.deepEqual([names('n').length, names('n', exact).length], [6, 2])
  }
})

Deno.test('the children of an answer count towards its size, like its input', () => {
  const { store, payload, names } = storeOf()
  const answer = (bytes: number) => ({
    ...{ backend: 'wasm' },
    outcome: { ok: true as const, result: 1, children: { read: [payload('crop', bytes)] } },
  })
  store.add(quick!, payload('a', 1), answer(8 * MIB), [])
  assert.deepEqual(names('n'), [])
  store.add(quick!, payload('b', 1), answer(8 * MIB - 1), [])
  assert.deepEqual(names('n'), ['b'])
})

Deno.test("a node gets samples it has not seen, its own backend's first", () => {
  const { payload, add, names } = storeOf()
  add(quick, payload('known'), 'wasm', ['n'])
  add(quick, payload('old'), 'wasm')
  add(quick, payload('other'), 'webgpu')
  assert.deepEqual(names('n'), ['old', 'other'])
  assert.deepEqual(names('n', quick, 1), ['other'])
  assert.deepEqual(names('n', quick, 1, 'wasm'), ['old'])
  assert.deepEqual(names('n', quick, 1, 'none of these'), ['other'])
})

Deno.test('samples of removed versions take no room', () => {
  const shapes = shapesOf([])
  const store = new SampleStore(() => 4e6)
  const said = { outcome: { ok: true, result: 1, children: {} }, backend: 'wasm' } as const
  for (let version = 1; version <= 20; version++) {
    const name = `single~${version}`
    const shape = shapes.add({ ...single, name })
    const [variant] = shape.root.variants
    for (let i = 0; i < 8; i++) store.add(variant!, `${name} ${i}`, said, [])
    assert.equal(store.count(variant!), 8, name)
    store.close(shape)
    assert.equal(store.count(variant!), 0)
    shapes.remove(name)
  }
})

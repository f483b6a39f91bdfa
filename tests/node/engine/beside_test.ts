/** What a worker says of the work beside a model, on a clock that only stages and models move. */
import assert from 'node:assert/strict'
import { createBeside } from '../../../src/node/engine/beside.ts'
import type { InstanceSpec } from '../../../src/node/engine/worker_api.ts'
import { createWorkerApi } from '../../../src/node/engine/worker_api.ts'
import type { Engine, EngineAssets } from '../../../src/node/engine/engine.ts'
import type { Stage, StageContext } from '../../../src/stages/types.ts'

const MODEL_MS = 5
const spec = (over: Partial<InstanceSpec> = {}): InstanceSpec => ({
  ...{ key: 'p/t/v', task: { kind: 'test', next: [], variants: {} } as never, next: [], hash: 'h' },
  variant: {} as never,
  ...over,
})

async function worker(
  sample: Stage['sample'],
  besideMs: (run: number, isRoot: boolean) => number,
  carried?: Stage['carried'],
) {
  let nowMs = 0
  let runs = 0
  const model = {
    ...{ inputNames: ['x'], outputNames: ['y'] },
    run: () => {
      nowMs += MODEL_MS
      return Promise.resolve({})
    },
  }
  const engine = {
    ...{ backend: 'wasm', compilesShapes: false, start: () => Promise.resolve() },
    ...{ has: () => true, acquire: () => Promise.resolve(model), fallback: () => undefined },
    release: () => Promise.resolve(),
  } as unknown as Engine
  const stage: Stage = {
    async run(items, { model, isRoot = false }) {
      nowMs += besideMs(runs++, isRoot)
      await model.run({})
      return items.map(() => ({ ok: true, fields: null, children: {} }))
    },
    warmUp: (
      _,
      batch,
    ) => [{ x: { type: 'float32', dims: [batch], data: new Float32Array(batch) } }],
    ...sample === undefined ? {} : { sample },
    ...carried === undefined ? {} : { carried },
  }
  const api = createWorkerApi({
    stages: { test: stage },
    createEngine: () => engine,
    createCodecs: () => ({}) as never,
    nowMs: () => nowMs,
  })
  const assets = { codecs: {} } as EngineAssets & { codecs: never }
  await api.init(assets, { backend: 'wasm', threads: 1 })
  const measure = async (over: Partial<InstanceSpec> = {}, times = 1) => {
    await api.load(spec(over), undefined)
    let last: unknown
    for (let i = 0; i < times; i++) {
      const answer = await api.measure('p/t/v', 2)
      assert.ok(answer.ok)
      last = answer.value
    }
    return last
  }
  return { measure, runs: () => runs }
}

const item = { meta: {}, bytes: new Uint8Array() }

Deno.test('measuring tells what a stage does for an item beside its model, the best of three', async () => {
  const { measure, runs } = await worker(() => item, (run) => [40, 8, 7, 3][run]!)
  assert.deepEqual(await measure(), { runMs: MODEL_MS, rows: 2, besideMs: 40 })
  assert.deepEqual(await measure({ hash: 'h' }, 0), undefined)
  const again = await worker(() => item, (run) => [40, 8, 7, 3][run]!)
  assert.deepEqual(await again.measure({}, 5), { runMs: MODEL_MS, rows: 2, besideMs: 7 })
  assert.equal(again.runs(), 3)
  assert.equal(runs(), 1)
})

Deno.test('a root task is measured with a file; what takes long is done no more than twice', async () => {
  const { measure, runs } = await worker(() => item, (_, isRoot) => isRoot ? 300 : 30)
  assert.deepEqual(await measure({ isRoot: true }, 4), { runMs: MODEL_MS, rows: 2, besideMs: 300 })
  assert.equal(runs(), 2)
})

Deno.test('a sample that had to wait for a codec to load is not what is told of its variant', async () => {
  const { measure, runs } = await worker(() => item, (run) => [240, 8, 7, 3][run]!)
  assert.deepEqual(await measure({}, 5), { runMs: MODEL_MS, rows: 2, besideMs: 7 })
  assert.equal(runs(), 3)
})

Deno.test('a stage without a sample is measured by its model alone', async () => {
  const { measure, runs } = await worker(undefined, () => 30)
  assert.deepEqual(await measure({}, 2), { runMs: MODEL_MS, rows: 2 })
  assert.equal(runs(), 0)
})

Deno.test('a sample that the stage cannot use tells nothing, and breaks nothing', async () => {
  const { measure } = await worker(() => item, () => {
    throw new Error('not mine')
  })
  assert.deepEqual(await measure({}, 2), { runMs: MODEL_MS, rows: 2 })
})

Deno.test('a run that is said to carry no items at all carries the batch', async () => {
  for (const none of [0, -1, NaN]) {
    const { measure } = await worker(undefined, () => 0, () => none)
    assert.deepEqual(await measure(), { runMs: MODEL_MS, rows: 2 })
  }
})

Deno.test('work beside a model takes no less than no time, though runs wait for each other', async () => {
  let nowMs = 0
  let last = Promise.resolve()
  const run = async () => {
    await (last = last.then(() => void (nowMs += MODEL_MS)))
    return {}
  }
  const stage: Stage = {
    async run(items, { model }) {
      await Promise.all([model.run({}), model.run({})])
      return items.map(() => ({ ok: true, fields: null, children: {} }))
    },
    warmUp: () => [],
    sample: () => ({ meta: {}, bytes: new Uint8Array() }),
  }
  const model = { inputNames: [], outputNames: [], run }
  const context = { model } as unknown as StageContext
  assert.equal(await createBeside(stage, context, () => nowMs).sample(), 0)
})

Deno.test('a program that makes no sample, or answers at once, is measured as any other', async () => {
  const none = await worker(() => {
    throw new Error('no sample')
  }, () => 30)
  assert.deepEqual(await none.measure({}, 2), { runMs: MODEL_MS, rows: 2 })
  assert.equal(none.runs(), 0)

  const model = { inputNames: [], outputNames: [] }
  const context = { model } as unknown as StageContext
  const ok = { ok: true, fields: null, children: {} } as const
  const stage = (run: () => unknown) =>
    ({ run, warmUp: () => [], sample: () => item }) as unknown as Stage
  // Its author may know of no promises.
  assert.equal(await createBeside(stage(() => [ok]), context, () => 0).sample(), 0)
  const thrown = stage(() => {
    throw new Error('not mine')
  })
  assert.equal(await createBeside(thrown, context, () => 0).sample(), undefined)
})

/** What a worker holds, gives up and answers, with an engine that only counts. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import type { Engine, EngineAssets } from '../../../src/node/engine/engine.ts'
import { EngineError } from '../../../src/node/engine/answer.ts'
import { createWorkerApi, type InstanceSpec } from '../../../src/node/engine/worker_api.ts'
import type { ItemResult, Stage, StageItem } from '../../../src/stages/types.ts'

const ASSETS = { codecs: {} } as EngineAssets & { codecs: never }
const ITEM: StageItem = { meta: {}, bytes: new Uint8Array(1) }
const DONE: ItemResult = { ok: true, fields: null, children: {} }

const spec = (hash: string, over: Partial<InstanceSpec> = {}): InstanceSpec => ({
  ...{ key: 'p/t/v', task: { kind: 'test', next: [], variants: {} } as never, next: [], hash },
  variant: {} as never,
  ...over,
})

function scene(over: Partial<Stage> = {}, compilesShapes = false, runMs = 1) {
  const holds = new Map<string, number>()
  const ran: number[] = []
  let nowMs = 0
  const add = (hash: string, count: number) => {
    const left = (holds.get(hash) ?? 0) + count
    if (left === 0) holds.delete(hash)
    else holds.set(hash, left)
  }
  const engine = {
    ...{ backend: 'wasm', compilesShapes, start: () => Promise.resolve() },
    has: (hash: string) => holds.has(hash),
    fallback: (hash: string) => hash === 'large' ? 'it is too large' : undefined,
    acquire(hash: string) {
      add(hash, 1)
      return Promise.resolve({
        ...{ inputNames: ['x'], outputNames: ['y'] },
        run({ x }: { x: { dims: number[] } }) {
          if (hash === 'bad') throw new EngineError('run_failed', 'it does not run')
          ran.push(x.dims[0]!)
          nowMs += runMs
          return Promise.resolve({})
        },
      })
    },
    release: (hash: string) => Promise.resolve(add(hash, -1)),
  } as unknown as Engine
  const feeds = (rows: number) => ({
    x: { type: 'float32' as const, dims: [rows], data: new Float32Array(rows) },
  })
  const stage: Stage = {
    run: (items) => Promise.resolve(items.map(() => DONE)),
    warmUp: (_, batch) => [feeds(batch), feeds(100 * batch)],
    ...over,
  }
  const api = createWorkerApi({
    stages: { test: stage },
    createEngine: () => engine,
    createCodecs: () => ({}) as never,
    nowMs: () => nowMs,
  })
  const init = () => api.init(ASSETS, { backend: 'wasm', threads: 1 })
  return { api, init, holds, ran }
}

const codeOf = (answer: { ok: boolean; code?: string }) => answer.ok ? 'ok' : answer.code

Deno.test('a worker holds a model as often as variants do, and no longer', async () => {
  const { api, init, holds } = scene()
  equal(codeOf(await api.load(spec('a'), undefined)), 'init_failed')
  await init()
  deepEqual(await api.needs('a'), { ok: true, value: true })
  await api.load(spec('a'), undefined)
  await api.load(spec('a', { key: 'p/t/w' }), undefined)
  deepEqual(await api.needs('a'), { ok: true, value: false })
  deepEqual([...holds], [['a', 2]])
  // Another model under the name of the first.
  await api.load(spec('b'), undefined)
  deepEqual([...holds], [['a', 1], ['b', 1]])
  equal(codeOf(await api.load(spec('bad'), undefined)), 'run_failed')
  deepEqual([...holds], [['a', 1], ['b', 1]], 'what failed is given up, and the one before stays')
  equal(codeOf(await api.run('p/t/v', [ITEM], 'raw')), 'ok')
  await api.unload('p/t/v')
  await api.unload('p/t/v')
  await api.unload('p/t/w')
  deepEqual([...holds], [])
  equal(codeOf(await api.run('p/t/v', [ITEM], 'raw')), 'not_held')
  equal(codeOf(await api.measure('p/t/v', 1)), 'not_held')
})

Deno.test('a worker takes no stage that it does not have', async () => {
  const { api, init, holds } = scene()
  await init()
  const task = { kind: 'other', next: [], variants: {} } as never
  const answer = await api.load(spec('a', { task }), undefined)
  equal(codeOf(answer), 'load_failed')
  match(answer.ok ? '' : answer.message, /no stage of kind other/)
  deepEqual([...holds], [])
})

Deno.test('a program without a model takes none, and a run of it says so', async () => {
  const { api, init, holds } = scene()
  await init()
  const bytes = new TextEncoder().encode(
    'export default { run: async (items, { model }) => (await model.run({}), []) }',
  )
  const program = spec('code', { code: { hash: 'code', bytes }, noModel: true })
  deepEqual(await api.load(program, undefined), { ok: true, value: { warmMs: 0 } })
  const answer = await api.run('p/t/v', [ITEM], 'raw')
  match(answer.ok ? '' : answer.message, /names no model/)
  await api.unload('p/t/v')
  deepEqual([...holds], [])
  for (const text of ['export default {}', 'export default 1', 'no program', 'throw 1']) {
    const code = { hash: 'code', bytes: new TextEncoder().encode(text) }
    const failed = await api.load(spec('code', { code, noModel: true }), undefined)
    equal(codeOf(failed), 'load_failed', text)
  }
  const missing = await api.load(spec('code', { code: { hash: 'code' }, noModel: true }), undefined)
  match(missing.ok ? '' : missing.message, /it is not here/)
})

Deno.test('a stage that gives another number of results than it was given items fails', async () => {
  const { api, init } = scene({ run: () => Promise.resolve([DONE]) })
  await init()
  await api.load(spec('a'), undefined)
  equal(codeOf(await api.run('p/t/v', [ITEM], 'raw')), 'ok')
  const answer = await api.run('p/t/v', [ITEM, ITEM], 'raw')
  match(answer.ok ? '' : answer.message, /1 results for 2 items/)
})

Deno.test('where shapes are compiled all are warmed, as far as a few seconds go', async () => {
  const plain = scene()
  await plain.init()
  await plain.api.load(spec('a'), undefined)
  deepEqual(plain.ran, [1, 1])

  const compiling = scene({}, true)
  await compiling.init()
  await compiling.api.load(spec('a'), undefined)
  deepEqual(compiling.ran, [1, 1, 100, 2, 4, 8])

  const slow = scene({}, true, 1000)
  await slow.init()
  await slow.api.load(spec('a'), undefined)
  deepEqual(slow.ran, [1, 1, 100], 'three seconds are over')

  // What runs beside the GPU compiles nothing.
  const beside = scene({}, true)
  await beside.init()
  const answer = await beside.api.load(spec('large'), undefined)
  ok(answer.ok)
  equal(answer.value.fallback, 'it is too large')
  deepEqual(beside.ran, [1, 1])

  const singly = scene({ carried: () => 1 }, true)
  await singly.init()
  await singly.api.load(spec('a'), undefined)
  deepEqual(singly.ran, [1, 1, 100, 2], 'items that run one by one have no more shapes')
})

Deno.test('what is slow is run once as it loads, since the next run would tell little more', async () => {
  const { api, init, ran } = scene({}, false, 500)
  await init()
  deepEqual(await api.load(spec('a'), undefined), { ok: true, value: { warmMs: 500 } })
  deepEqual(ran, [1])
})

/**
 * An inference worker whose models do nothing, each backend at its own pace.
 *
 * @module
 */
import { expose } from 'comlink'
import { createWorkerApi } from '../../src/node/engine/worker_api.ts'
import type { Engine } from '../../src/node/engine/engine.ts'
import type { ImageCodecs, Model, Stage } from '../../src/stages/types.ts'

const channel = new BroadcastChannel('shoal-test-pace')
/** One model run by backend (`wasm2`: with two threads), told in the worker's name. */
const { fallback, ...paceMs }: { fallback?: string; [backend: string]: unknown } = JSON.parse(
  self.name,
)

/** Told of each batch: how many threads it keeps busy from now on, or no longer. */
const busy = new BroadcastChannel('shoal-test-busy')
const worker = crypto.randomUUID()
let width = 1

expose(createWorkerApi({
  stages: { test: stage() },
  createEngine(_, { backend, threads }) {
    width = threads
    return createPacedEngine(
      backend,
      Number(paceMs[`${backend}${threads}`] ?? paceMs[backend]),
    )
  },
  createCodecs: () => ({}) as ImageCodecs,
}))

function createPacedEngine(backend: Engine['backend'], runMs: number): Engine {
  const held = new Set<string>()
  const model: Model = {
    inputNames: ['x'],
    outputNames: [backend],
    async run() {
      await new Promise((done) => setTimeout(done, runMs))
      return {}
    },
  }
  return {
    backend,
    compilesShapes: backend === 'webgpu',
    device: undefined,
    start: () => Promise.resolve(),
    lost: () =>
      new Promise((resolve) => {
        channel.onmessage = ({ data }) => {
          if (backend === 'webgpu' && data === 'lose') resolve('as asked')
        }
      }),
    fallback: () => fallback,
    has: (hash) => held.has(hash),
    acquire(hash) {
      held.add(hash)
      return Promise.resolve(model)
    },
    release: () => Promise.resolve(),
  }
}

function stage(): Stage {
  const feeds = { x: { type: 'float32' as const, dims: [1], data: new Float32Array(1) } }
  return {
    async run(items, context) {
      busy.postMessage({ worker, threads: width })
      for (const _ of items) await context.model.run(feeds)
      busy.postMessage({ worker, threads: -width })
      const [backend] = context.model.outputNames
      return items.map(() => ({ ok: true, fields: { backend: backend! }, children: {} }))
    },
    warmUp: () => [feeds],
  }
}

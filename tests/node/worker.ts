/**
 * The inference worker with a stage that misbehaves on demand: `meta.do` of an item says how;
 * loads crash as often as the environment says.
 *
 * @module
 */
import { expose } from 'comlink'
import { createOrtEngine } from '../../src/node/engine/ort_engine.ts'
import { createWorkerApi, type InstanceSpec } from '../../src/node/engine/worker_api.ts'
import type { ImageCodecs, ItemResult, Json, Stage, StageContext } from '../../src/stages/types.ts'

const channel = new BroadcastChannel('shoal-test-stage')
const gates = new Map<string, () => void>()
channel.onmessage = ({ data }) => gates.get(data.open)?.()

function feeds({ model }: StageContext, batch: number) {
  const dims = [batch, 3, 48, 192]
  const data = new Float32Array(batch * 3 * 48 * 192)
  return { [model.inputNames[0]!]: { type: 'float32' as const, dims, data } }
}

function crash(): Promise<never> {
  const error = new Error('out of the blue')
  // Deno prints it: one line is enough.
  error.stack = ''
  setTimeout(() => {
    throw error
  }, 0)
  return new Promise(() => {})
}

const stage: Stage = {
  async run(items, context) {
    const results: ItemResult[] = []
    for (const { meta, bytes } of items) {
      if (meta.do === 'hang') { for (;;); }
      if (meta.do === 'close') {
        self.close()
        await new Promise(() => {})
      }
      if (meta.do === 'crash') {
        await crash()
      }
      if (meta.do === 'lose') {
        const { env } = await import('onnxruntime-web/webgpu')
        const device: { destroy(): void } = await env.webgpu.device
        device.destroy()
      }
      // More than there is: what a model or a picture that is too large for the device comes to.
      if (meta.do === 'exhaust') new ArrayBuffer(2 ** 50)
      if (meta.do === 'throw') throw new Error('the stage is at its wits end')
      if (typeof meta.wait === 'string') {
        const opened = new Promise<void>((resolve) => gates.set(meta.wait as string, resolve))
        channel.postMessage({ waiting: meta.wait })
        await opened
      }
      if (meta.do === 'refuse') {
        results.push({ ok: false, reason: 'invalid_input', message: 'not to my taste' })
        continue
      }
      if (meta.do === 'burrow') {
        let deep: Json = 1
        for (let depth = 0; depth < 40; depth++) deep = [deep]
        results.push({ ok: true, fields: { deep }, children: {} })
        continue
      }
      if (meta.do === 'omit') {
        results.push({ ok: true, children: {} } as unknown as ItemResult)
        continue
      }
      if (meta.do === 'invent') {
        results.push({ ok: false, reason: 'monday' } as unknown as ItemResult)
        continue
      }
      if (meta.do === 'confuse') {
        // What a program that no compiler checked may hand over.
        results.push({ ok: true, fields: { count: 1n as never }, children: {} })
        continue
      }
      await context.model.run(feeds(context, 1))
      const children = Object.fromEntries(context.next.map((task) => [
        task,
        [{ meta: { n: 0 }, bytes: bytes.slice() }, { meta: { n: 1 }, bytes: bytes.subarray(1) }],
      ]))
      results.push({ ok: true, fields: { size: bytes.byteLength, crops: context.crops }, children })
    }
    return results
  },
  warmUp: (context, batch) => [feeds(context, batch)],
}

const codecs: ImageCodecs = {
  decode: () => Promise.reject(new Error('no pictures here')),
  encodeJpeg: () => Promise.reject(new Error('no pictures here')),
  library: () => Promise.reject(new Error('no documents here')),
}

const api = createWorkerApi({
  stages: { test: stage },
  createEngine: createOrtEngine,
  createCodecs: () => codecs,
})

/** Whether a run for measuring never ends. */
const hangs = () => Deno.env.has('SHOAL_TEST_HANGS')

/** How often a worker of this process is still to crash while it loads which variant. */
const crashes = () => JSON.parse(Deno.env.get('SHOAL_TEST_CRASHES') ?? '{}')

expose({
  ...api,
  measure: (key: string, batch: number) =>
    hangs() ? new Promise(() => {}) : api.measure(key, batch),
  load(spec: InstanceSpec, bytes: Uint8Array | undefined) {
    const left = crashes()
    const name = spec.key.split('/').at(-1)!
    if (!(left[name] > 0)) return api.load(spec, bytes)
    Deno.env.set('SHOAL_TEST_CRASHES', JSON.stringify({ ...left, [name]: left[name] - 1 }))
    return crash()
  },
})

/**
 * An inference worker that says back what it is given, a character a step, all at once; `meta.do` of an
 * item says how it misbehaves. Its models take as many ms a run as the worker's name says.
 *
 * @module
 */
import { expose } from 'comlink'
import type { CreateGenerator, Listener } from '../../../src/node/engine/generate/generator.ts'
import type { Engine } from '../../../src/node/engine/engine.ts'
import { EngineError } from '../../../src/node/engine/answer.ts'
import { createWorkerApi } from '../../../src/node/engine/worker_api.ts'
import type { ImageCodecs, ItemResult, Model } from '../../../src/stages/types.ts'

const runMs = Number(self.name)

const model: Model = {
  ...{ inputNames: ['x'], outputNames: ['y'] },
  async run() {
    await new Promise((done) => setTimeout(done, runMs))
    return {}
  },
}

interface Echo {
  text: string
  do: unknown
  said: number
  /** Most sequences of one step that it was in. */
  together: number
  hear: Listener['hear']
  end: PromiseWithResolvers<ItemResult>
}

const createGenerator: CreateGenerator = ({ spec, model }) => {
  let running: Echo[] = []
  let driving = false

  async function step(): Promise<void> {
    for (const echo of running) {
      if (echo.said < 1) continue
      if (echo.do === 'hang') { for (;;); }
      if (echo.do === 'stall') await new Promise(() => {})
      if (echo.do === 'crash') await crash()
      if (echo.do === 'fail') throw new EngineError('run_failed', 'at its wits end')
    }
    const now = [...running]
    await model.run({})
    for (const echo of now) {
      echo.together = Math.max(echo.together, now.length)
      const text = echo.text[echo.said]!
      echo.hear({ from: echo.said, ids: [text.charCodeAt(0)], at: echo.said, text })
      if (++echo.said < echo.text.length) continue
      running = running.filter((one) => one !== echo)
      const fields = { text: echo.text, together: echo.together, texts: spec.texts ?? null }
      echo.end.resolve({ ok: true, fields, children: {} })
    }
  }

  async function drive(): Promise<void> {
    if (driving) return
    driving = true
    try {
      while (running.length > 0) {
        await step()
        await new Promise((done) => setTimeout(done))
      }
    } catch (error) {
      for (const { end } of running.splice(0)) end.reject(error)
    }
    driving = false
  }

  return Promise.resolve({
    add({ meta, bytes }, { hear }) {
      if (meta.do === 'refuse') throw new RangeError('not to my taste')
      const text = new TextDecoder().decode(bytes)
      const end = Promise.withResolvers<ItemResult>()
      const echo: Echo = { text, do: meta.do, said: 0, together: 0, hear, end }
      running.push(echo)
      void drive()
      const leave = () => void (running = running.filter((one) => one !== echo))
      return { done: end.promise, leave }
    },
    measure: (batch) => Promise.resolve({ runMs: 10 * batch, rows: batch }),
    warm: () => Promise.resolve(),
    end: (error) => running.splice(0).forEach(({ end }) => end.reject(error)),
  })
}

const held = new Set<string>()
const engine: Engine = {
  ...{ backend: 'wasm', compilesShapes: false, device: undefined },
  start: () => Promise.resolve(),
  lost: () => new Promise(() => {}),
  fallback: () => undefined,
  has: (hash) => held.has(hash),
  acquire(hash) {
    held.add(hash)
    return Promise.resolve(model)
  },
  release: () => Promise.resolve(),
}

expose(createWorkerApi({
  stages: {
    test: {
      run: (items) =>
        Promise.resolve(items.map(() => ({ ok: true, fields: { by: 'stage' }, children: {} }))),
      warmUp: () => [],
    },
  },
  createGenerator,
  createEngine: () => engine,
  createCodecs: () => ({}) as ImageCodecs,
}))

function crash(): Promise<never> {
  // Deno prints it: one line is enough.
  const error = Object.assign(new Error('out of the blue'), { stack: '' })
  setTimeout(() => {
    throw error
  })
  return new Promise(() => {})
}

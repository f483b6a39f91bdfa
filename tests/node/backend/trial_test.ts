/** A backend on trial, with a real worker, on a machine that sleeps. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { startTrial } from '../../../src/node/backend/trial.ts'
import { createCatalog } from '../../../src/node/models/catalog.ts'
import { createPace } from '../../../src/node/slot/pace.ts'
import { createLateClock } from '../clock.ts'
import { A, PIPELINE, servedFrom, testHost } from '../fixture.ts'

const LIMIT_MS = 30_000

/** @param begun told of each run as it begins, with its number */
async function trial(runMs: number, begun = (_: number) => {}) {
  const bytes = Uint8Array.of(1)
  const { pipelines, models } = await servedFrom(PIPELINE, { m: bytes })
  const catalog = createCatalog({ pipelines: pipelines as never[], models })
  const clock = createLateClock()
  const started = startTrial({
    ...{ clock, pace: createPace(clock, () => 1, () => true), specs: [catalog.spec(A)] },
    ...{ limitMs: LIMIT_MS, assets: testHost('').assets },
    engine: { backend: 'webgpu', threads: 1 },
    createWorker() {
      const worker = new Worker(new URL('../worker_paced.ts', import.meta.url), {
        type: 'module',
        name: JSON.stringify({ webgpu: runMs }),
      })
      const post = worker.postMessage.bind(worker)
      let runs = 0
      worker.postMessage = (message: { path?: string[] }, more?: unknown) => {
        post(message, more as Transferable[])
        if (message.path?.[0] === 'measure') begun(++runs)
      }
      return worker
    },
    fetchModel: () => Promise.resolve(bytes),
  })
  return { clock, ...started }
}

Deno.test('a backend is not found too slow because the machine slept while it was tried', async () => {
  const { clock, result } = await trial(20)
  let asleep = 0
  const nights = setInterval(() => {
    clock.sleep(600_000)
    if (++asleep === 3) clearInterval(nights)
  }, 10)
  try {
    const answer = await result
    deepEqual([answer.ok, asleep], [true, 3], JSON.stringify(answer))
  } finally {
    clearInterval(nights)
  }
})

Deno.test('a backend that is not through its runs in its time is given up', async () => {
  const { clock, result } = await trial(60_000)
  clock.sleep(LIMIT_MS)
  const answer = await result
  equal(answer.ok || answer.code, 'timeout')
})

Deno.test('a backend that is out of time with a run in hand is told by that', async () => {
  const { clock, result } = await trial(20, (run) => {
    if (run === 2) queueMicrotask(() => clock.sleep(LIMIT_MS))
  })
  const answer = await result
  ok(answer.ok && answer.value >= 15, JSON.stringify(answer))
})

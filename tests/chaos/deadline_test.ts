/** More queries than the pool can carry, timeouts at random. */
import assert from 'node:assert/strict'
import { SMALL } from '../../src/bench/requeue/scene.ts'
import { SAMPLE_PAGE, startServing } from '../../src/cli/serve/serving.ts'
import { createRandom } from '../../src/sim/random.ts'
import { few } from '../exhaustive.ts'

const REASONS: Record<number, string[]> = {
  502: ['node_failed'],
  503: ['infeasible_deadline', 'queue_full'],
  504: ['deadline_exceeded'],
}
/** At once; each asks so often, and until one of them had a result. */
const CLIENTS = 12
const TIMES = few(3, 8)

Deno.test('under overload every query gets one answer, a result or an error with its reason', async () => {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const serving = await startServing(undefined, { variants: SMALL })
  try {
    await serving.addNode('busy')
    const random = createRandom(11)
    const statuses: Record<number, number> = {}
    let unread = 0
    let asked = 0
    const ask = (timeoutMs: number) =>
      fetch(`${serving.url}/v1/pipelines/ocr/infer`, {
        method: 'POST',
        headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': `${timeoutMs}` },
        body: page,
      })
    // Times that some queries have and others have not, however fast this machine is just now.
    const fromMs = performance.now()
    await (await ask(60_000)).json()
    const aloneMs = performance.now() - fromMs
    const one = async () => {
      asked++
      const response = await ask(Math.ceil(aloneMs / 500 * 1500 ** random()))
      const body = await response.json()
      if (/the body took too long/.test(body.error)) unread++
      statuses[response.status] = (statuses[response.status] ?? 0) + 1
      if (response.status === 200) {
        assert.ok(body.latencyMs <= body.deadlineMs, `${body.latencyMs} of ${body.deadlineMs}`)
      } else assert.ok(REASONS[response.status]?.includes(body.reason), JSON.stringify(body))
    }
    await Promise.all(Array.from({ length: CLIENTS }, async () => {
      for (let i = 0; i < TIMES || statuses[200] === undefined; i++) await one()
    }))
    const { pipelines } = serving.pool.stats()
    assert.equal(pipelines['ocr']?.inFlight, 0)
    assert.equal(pipelines['ocr']?.arrived, 1 + asked - unread)
  } finally {
    await serving.end()
  }
})

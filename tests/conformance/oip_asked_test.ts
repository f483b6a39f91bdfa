/** What a request of the Open Inference Protocol asks of the pool, and takes back. */
import assert from 'node:assert/strict'
import { joinScripted, untilReady, withCoordinator } from '../coordinator/fixture.ts'
import { imageJson, postInfer } from './oip_client.ts'
import { linesOf, pages, picture, withPages } from './oip_scene.ts'

Deno.test('v2: one bad picture of several takes the others back that are under way', () =>
  withCoordinator(
    async (coordinator) => {
      const node = await joinScripted(coordinator, 'one', ({ message, blobs }) => {
        if (message.task === 'read') return undefined
        return {
          items: message.items.map(({ payload }) =>
            'blob' in payload && linesOf(blobs[payload.blob]) === 9
              ? { ok: false, reason: 'invalid_input', message: 'too many' }
              : { ok: true, fields: null, children: { read: [{ meta: {}, blob: 0 }] } }
          ),
          blobs: [new Uint8Array(1)],
        }
      })
      await untilReady(coordinator)
      const reply = await postInfer(`${coordinator.url}/v2/models/pages/infer`, {
        inputs: [imageJson([picture(1), picture(9), picture(1)])],
        parameters: { timeout: 10e6 },
      })
      assert.equal(reply.status, 400)
      await node.got('cancel')
      assert.equal(coordinator.pool.queriesInFlight(), 0)
      const stats = await (await fetch(`${coordinator.url}/v1/stats`)).json()
      assert.equal(stats.pipelines.pages.cancelled, 2)
    },
    undefined,
    { pipelines: [{ dir: '', pipeline: pages, models: {} }] },
  ))

Deno.test('v2: the least accuracy is kept that the request asks for, before the header', () =>
  withPages(async (_, models) => {
    const asked = async (parameters: Record<string, unknown>, header?: string) => {
      const { status } = await postInfer(
        `${models}/pages/infer`,
        { inputs: [imageJson([picture(1)])], parameters },
        undefined,
        header === undefined ? {} : { 'x-min-accuracy': header },
      )
      return status
    }
    assert.equal(await asked({ min_accuracy: 0.5 }), 200)
    assert.equal(await asked({ min_accuracy: 0.99 }), 503)
    assert.equal(await asked({}, '0.99'), 503)
    assert.equal(await asked({ min_accuracy: 0.5 }, '0.99'), 200)
  }))

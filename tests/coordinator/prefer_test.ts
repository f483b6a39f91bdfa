/** What a query prefers, from its header to the scheduler. */
import assert from 'node:assert/strict'
import { createClient } from '../../src/client/mod.ts'
import type { PolicyEvent, Scheduler } from '../../src/policy/core/types.ts'
import { ask, joinScripted, PIXEL_PNG, untilReady, withCoordinator } from './fixture.ts'

Deno.test('a query says what the pool is run for meanwhile, or not, and nothing that is not known', async () => {
  const told: unknown[] = []
  const wrap = (scheduler: Scheduler): Scheduler => ({
    ...scheduler,
    handle(event: PolicyEvent, nowMs, more) {
      if (event.type === 'query_arrived') told.push(event.prefer)
      return scheduler.handle(event, nowMs, more)
    },
    plan: () => scheduler.plan(),
    stats: () => scheduler.stats(),
  })
  await withCoordinator(
    async (coordinator) => {
      await joinScripted(coordinator, 'one')
      await untilReady(coordinator)
      const shoal = createClient(coordinator.url)
      await shoal.infer('words', PIXEL_PNG)
      await shoal.infer('words', PIXEL_PNG, { prefer: 'frugal', minAccuracy: 0.1 })
      const data = PIXEL_PNG.toBase64()
      const v2 = await fetch(`${coordinator.url}/v2/models/words/infer`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-prefer': 'sooner' },
        body: JSON.stringify({
          inputs: [{
            ...{ name: 'image', shape: [1], datatype: 'BYTES', data: [data] },
            parameters: { encoding: 'base64' },
          }],
        }),
      })
      // Its boxes are none, which is another matter.
      assert.match(await v2.text(), /Cannot give box/)
      assert.deepEqual(told, [undefined, 'frugal', 'sooner'])
      for (const prefer of ['faster', 'Frugal', '', 'sooner,frugal', 'toString']) {
        const response = await ask(coordinator, { 'x-prefer': prefer })
        const { reason, error } = await response.json()
        assert.deepEqual([response.status, reason], [400, 'invalid_input'])
        assert.match(error, /x-prefer: must be one of frugal, balanced, sooner: received/)
      }
    },
    undefined,
    { wrap, prefer: 'sooner' },
  )
})

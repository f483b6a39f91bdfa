/** Far more than the pool carries: some are served, the rest are told so and when to come again. */
import assert from 'node:assert/strict'
import { ask, joinBusy, untilReady, withCoordinator } from './fixture.ts'

const BATCH_MS = 15

Deno.test('overload: each query has one answer, refusals say when to come again, and it passes', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinBusy(coordinator, 'one', BATCH_MS)
    await untilReady(coordinator)
    const query = async () => {
      const response = await ask(coordinator, { 'x-request-timeout-ms': '600' })
      const { reason } = await response.json()
      return { status: response.status, reason, retryAfter: response.headers.get('retry-after') }
    }
    // So that the pool knows how fast it is.
    for (let i = 0; i < 10; i++) await query()
    const answers = await Promise.all(Array.from({ length: 300 }, query))
    const counts = Object.groupBy(answers, ({ status }) => String(status))
    const told = JSON.stringify(
      Object.entries(counts).map(([status, all]) => [status, all!.length]),
    )
    assert.ok((counts['200']?.length ?? 0) > 0, told)
    assert.ok((counts['503']?.length ?? 0) > 0, told)
    for (const { status, reason, retryAfter } of answers) {
      assert.ok([200, 503, 504].includes(status), told)
      if (status !== 503) continue
      assert.match(reason, /^(infeasible_deadline|queue_full)$/)
      assert.match(retryAfter ?? '', /^[1-9]\d*$/)
    }
    assert.equal(coordinator.pool.queriesInFlight(), 0)
    const again = await ask(coordinator)
    assert.equal(again.status, 200, await again.text())
    await node.leave()
  }))

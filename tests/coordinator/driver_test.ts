import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers'
import { createDriver } from '../../src/coordinator/scheduler/driver.ts'
import type { PolicyEvent, Scheduler } from '../../src/policy/core/types.ts'

const arrived = (query: string): PolicyEvent => ({
  ...{ type: 'query_arrived', query, pipeline: 'p' },
  ...{ deadlineMs: 1000, payload: null },
})

/** Whatever is due by now is done: immediates run in order; a timer may come before those of its turn. */
const turn = () => new Promise((done) => setImmediate(done))

/** A driver over a scheduler that only notes what it is told, and whether more was to follow. */
function openDriver() {
  const told: [string, boolean][] = []
  const scheduler = {
    handle(event: PolicyEvent, _nowMs: number, more = false) {
      told.push(['query' in event ? `${event.type} ${event.query}` : event.type, more])
      return []
    },
  } as unknown as Scheduler
  const fault = (error: unknown) => assert.fail(String(error))
  const driver = createDriver(scheduler, () => {}, () => 0, fault)
  return { told, ...driver }
}

Deno.test('createDriver() tells of queries of one moment together, the last as the last', async () => {
  const { told, post, stop } = openDriver()
  // As calls do that came at the same time: each reads its body, then asks.
  const call = async (query: string) => {
    await Promise.resolve()
    post(arrived(query))
  }
  await Promise.all(['a', 'b', 'c'].map(call))
  await turn()
  const inOrder: typeof told = [
    ['query_arrived a', true],
    ['query_arrived b', true],
    ['query_arrived c', false],
  ]
  assert.deepEqual(told, inOrder)
  post(arrived('d'))
  await turn()
  assert.deepEqual(told.at(-1), ['query_arrived d', false])
  stop()
})

Deno.test('createDriver() tells of all else at once, after the queries that came before', () => {
  const { told, post, stop } = openDriver()
  post(arrived('a'))
  assert.deepEqual(told, [])
  post({ type: 'query_cancelled', query: 'a' })
  assert.deepEqual(told, [['query_arrived a', true], ['query_cancelled a', false]])
  stop()
})

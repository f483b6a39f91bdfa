/** A node that is far away: batches are on their way to it while the results before them come back. */
import assert from 'node:assert/strict'
import { MOST_BATCHES } from '../../src/policy/state/credit.ts'
import type { PolicyCommand, PolicyEvent, Scheduler } from '../../src/policy/core/types.ts'
import { ask, joinBusy, untilReady, withCoordinator } from './fixture.ts'

/** Longer than `find` of the fixture takes, and `read`. */
const ROUND_TRIP_MS = 60
const BATCH_MS = 10

for (const [where, roundTripMs] of [['near', 0], ['far away', ROUND_TRIP_MS]] as const) {
  const isFar = roundTripMs > 0
  Deno.test(`a node that is ${where} has ${isFar ? 'several batches' : 'one batch'} sent ahead`, () => {
    let under = 0
    let most = 0
    /** The longest round trip that the policy was told of, and that a batch took. */
    let [knownMs, tripMs] = [-1, 0]
    const look = (event: PolicyEvent, commands: PolicyCommand[]) => {
      if (event.type === 'batch_finished') {
        under--
        tripMs = Math.max(tripMs, event.networkMs)
      }
      if (event.type === 'node_reported') knownMs = Math.max(knownMs, event.roundTripMs ?? -1)
      under += commands.filter(({ type }) => type === 'dispatch').length
      most = Math.max(most, under)
      return commands
    }
    const wrap = (scheduler: Scheduler): Scheduler => ({
      ...scheduler,
      handle: (event, nowMs, more) => look(event, scheduler.handle(event, nowMs, more)),
    })
    return withCoordinator(
      async (coordinator) => {
        const node = await joinBusy(coordinator, 'one', BATCH_MS, roundTripMs)
        await untilReady(coordinator)
        while (knownMs < roundTripMs) await new Promise((done) => setTimeout(done, 5))
        const query = async () => {
          const response = await ask(coordinator, { 'x-request-timeout-ms': '20000' })
          await response.body?.cancel()
          return response.status
        }
        // So that the pool knows how fast it is.
        for (let i = 0; i < 5; i++) assert.equal(await query(), 200)
        most = 0
        const statuses = await Promise.all(Array.from({ length: 60 }, query))
        assert.deepEqual(new Set(statuses), new Set([200]))
        if (isFar) assert.ok(most > 2 && most <= MOST_BATCHES, `${most} under way`)
        // A machine that stalls makes what is near seem far.
        else {assert.ok(
            most <= 2 + Math.floor(Math.max(knownMs, tripMs) / BATCH_MS),
            `${most} under way`,
          )}
        assert.equal(under, 0)
        await node.leave()
      },
      undefined,
      { wrap },
    )
  })
}

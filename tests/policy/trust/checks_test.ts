/** A check that is due waits for what runs for it, and for nothing else. */
import assert from 'node:assert/strict'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import type { PolicyEvent } from '../../../src/policy/types.ts'
import { createRandom } from '../../../src/sim/random.ts'
import { finished } from '../by_hand.ts'
import { refsOf, single } from '../fixtures.ts'

Deno.test('a check whose node says nothing has nobody woken until its batch is given up', () => {
  const scheduler = createScheduler({
    pipelines: [single],
    trust: { random: createRandom(1), agree: () => true, samples: { single: ['sample'] } },
  })
  let nextMs = 0
  let sentAtMs: number | undefined
  let lostAtMs: number | undefined
  /** Own nodes answer at once, the stranger never does. */
  function handle(event: PolicyEvent, atMs: number): void {
    for (const command of scheduler.handle(event, atMs)) {
      if (command.type === 'wake_at') nextMs = command.atMs
      if (command.type === 'cancel_batch' && command.node === 'stranger') lostAtMs = atMs
      if (command.type !== 'dispatch') continue
      if (command.node === 'stranger') sentAtMs ??= atMs
      else handle(finished(command.batch), atMs)
    }
  }
  const able = refsOf(single).slice(0, 1)
  const points = [{ batch: 1, latencyMs: 10_000 }]
  for (const node of ['own', 'stranger']) {
    handle({ type: 'node_joined', node, slots: 1, duty: 1, able, own: node === 'own' }, 0)
    handle({ type: 'node_reported', node, profile: able.map((ref) => ({ ...ref, points })) }, 0)
    for (const ref of able) handle({ type: 'instance_ready', node, slot: 0, ...ref }, 0)
  }
  let wakes = 0
  while (lostAtMs === undefined && ++wakes < 5000) handle({ type: 'wake' }, nextMs)
  assert.ok(sentAtMs !== undefined && lostAtMs !== undefined, `${wakes} wakes until ${nextMs} ms`)
  // Longer than a check is waited for.
  assert.ok(lostAtMs - sentAtMs > 35_000, `sent at ${sentAtMs}, lost at ${lostAtMs}`)
  assert.ok(wakes < 1000, `${wakes} wakes`)
})

import assert from 'node:assert/strict'
import type { InferAnswer } from '../../src/client/types.ts'
import { timingOf } from '../../src/coordinator/pool/answer.ts'
import {
  ask,
  honest,
  joinScripted,
  PATIENT,
  untilHolds,
  untilReady,
  withCoordinator,
} from './fixture.ts'

Deno.test('timingOf() tells of hundreds of batches in a head that proxies take', () => {
  const stage = (task: string, variant: string, queueMs: number) => ({
    ...{ task, variant, queueMs, networkMs: 2, computeMs: 0.7 },
    ...{ node: 'one', backend: 'wasm', batch: 1, items: 1 },
  })
  const lines = Array.from({ length: 300 }, (_, i) => stage('read', i % 3 ? 'large' : 'small', i))
  assert.equal(
    timingOf(900, [stage('find', 'slow', 1), ...lines], 12.345),
    'total;dur=900, queue;dur=300, network;dur=4, energy;desc="12.35 J modelled", ' +
      'find;dur=0.7;desc="slow", read;dur=70;desc="small", read;dur=140;desc="large"',
  )
})

Deno.test('an answer names a node that has left since it had a part in it', () =>
  withCoordinator(async (coordinator) => {
    const first = await joinScripted(
      coordinator,
      'id-1',
      (batch) => batch.message.task === 'read' ? undefined : honest(batch),
      { name: 'the first', backend: 'native' },
    )
    await untilReady(coordinator)
    const answer = ask(coordinator, PATIENT)
    await first.got('batch', ({ task }) => task === 'read')
    const second = await joinScripted(coordinator, 'id-2', honest, { name: 'the second' })
    await untilHolds(coordinator, 'id-2', 4)
    await first.leave()
    const { stages } = await (await answer).json() as InferAnswer
    assert.deepEqual(
      stages.map(({ task, node, backend }) => [task, node, backend]),
      [
        ['find', 'the first', 'native'],
        ...stages.slice(1).map(() => ['read', 'the second', 'wasm']),
      ],
    )
    await second.leave()
  }))

import assert from 'node:assert/strict'
import { timingOf } from '../../src/coordinator/answer.ts'

Deno.test('timingOf() tells of hundreds of batches in a head that proxies take', () => {
  const stage = (task: string, variant: string, queueMs: number) => ({
    ...{ task, variant, queueMs, networkMs: 2, computeMs: 0.7 },
    ...{ node: 'one', backend: 'wasm', batch: 1, items: 1 },
  })
  const lines = Array.from({ length: 300 }, (_, i) => stage('read', i % 3 ? 'large' : 'small', i))
  assert.equal(
    timingOf(900, [stage('find', 'slow', 1), ...lines]),
    'total;dur=900, queue;dur=300, network;dur=4, find;dur=0.7;desc="slow", ' +
      'read;dur=70;desc="small", read;dur=140;desc="large"',
  )
})

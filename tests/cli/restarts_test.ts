import assert from 'node:assert/strict'
import { createRestarts } from '../../src/cli/serve/restarts.ts'

Deno.test('what ends again and again is started five times more, each time later', () => {
  const pauseAfter = createRestarts()
  const pauses = Array.from({ length: 7 }, () => pauseAfter(1000))
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, undefined, undefined])
})

Deno.test('what nothing goes on without is started however often it ended', () => {
  const pauseAfter = createRestarts(true)
  const pauses = Array.from({ length: 8 }, () => pauseAfter(1000))
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 8000, 8000, 8000])
})

Deno.test('what was well for ten minutes is started again, however often it ended before', () => {
  const pauseAfter = createRestarts()
  for (let day = 0; day < 30; day++) assert.equal(pauseAfter(86_400_000), 500)
  assert.equal(pauseAfter(1000), 1000)
  for (let i = 0; i < 10; i++) pauseAfter(1000)
  assert.equal(pauseAfter(1000), undefined)
  assert.equal(pauseAfter(600_000), 500)
})

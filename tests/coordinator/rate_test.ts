import assert from 'node:assert/strict'
import { createRateLimit } from '../../src/coordinator/http/access/rate.ts'

Deno.test('of callers so many are remembered, and the one longest not heard of is forgotten', () => {
  let nowMs = 0
  const limit = createRateLimit({ perS: 1, burst: 1 }, () => nowMs)
  const refused = (name: string) => assert.throws(() => limit.take(name), /1 calls a second/)
  for (let i = 0; i < 10_000; i++) limit.take(`${i}`)
  refused('0')
  limit.take('one more')
  limit.take('0')
  refused('2')
  // Heard of again, it is no longer the next to be forgotten.
  nowMs = 1000
  limit.take('2')
  limit.take('another')
  refused('2')
})

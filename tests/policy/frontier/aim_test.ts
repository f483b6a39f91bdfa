import assert from 'node:assert/strict'
import { createAim } from '../../../src/policy/frontier/aim.ts'

Deno.test('aim falls when queries end close to their deadlines, and rises while they do not', () => {
  const aim = createAim()
  for (let i = 0; i < 50; i++) aim.learn(100, 20, 0, false)
  assert.equal(aim.value, 0.7)
  for (let i = 0; i < 200; i++) aim.learn(100, 0, 0, false)
  assert.ok(aim.value > 1.1)
  for (let i = 0; i < 2000; i++) aim.learn(100, 0, 0, true)
  assert.ok(Math.abs(aim.value - 1) < 0.02, `${aim.value}`)
})

Deno.test('aim falls further for queries that are late than for those that only come close', () => {
  const close = createAim()
  const late = createAim()
  for (let i = 0; i < 50; i++) {
    close.learn(100, 1, 0, false)
    late.learn(100, 0, 1, false)
  }
  assert.ok(close.value > 1, `${close.value}`)
  assert.ok(late.value < close.value - 0.1, `${late.value}, ${close.value}`)
})

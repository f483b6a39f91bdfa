import assert from 'node:assert/strict'
import { utilisationOf } from '../../../src/policy/place/queueing.ts'

Deno.test('utilisationOf() rises with the slots that share a queue, up to the cap', () => {
  let before = 0
  for (let slots = 1; slots <= 600; slots++) {
    const share = utilisationOf(slots, 0.97, 0.05)
    assert.ok(share >= before - 1e-9 && share <= 0.97)
    before = share
  }
  assert.equal(before, 0.97)
  assert.ok(utilisationOf(1, 1, 0.05) < 0.3)
  assert.ok(utilisationOf(3, 1, 0.05) > 0.6 && utilisationOf(3, 1, 0.05) < 0.7)
})

Deno.test('utilisationOf() is the cap alone where waiting does not count', () => {
  for (const slots of [0, 1, 5, 1e6]) assert.equal(utilisationOf(slots, 0.9, 1), 0.9)
})

Deno.test('utilisationOf() holds in a queue: few wait longer than one batch takes', () => {
  // Poisson arrivals, constant service of 1, first come first served; the first quarter is warm-up.
  let state = 7
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 1) / (2 ** 32 + 1)
  }
  for (const slots of [1, 2, 4, 10]) {
    const rate = slots * utilisationOf(slots, 1, 0.05)
    const freeAt = new Array<number>(slots).fill(0)
    let [now, long, counted] = [0, 0, 0]
    for (let i = 0; i < 200_000; i++) {
      now += -Math.log(random()) / rate
      const first = freeAt.indexOf(Math.min(...freeAt))
      const start = Math.max(now, freeAt[first]!)
      freeAt[first] = start + 1
      if (i < 50_000) continue
      counted++
      if (start - now > 1) long++
    }
    assert.ok(long / counted < 0.075, `${slots} slots: ${long / counted}`)
  }
})

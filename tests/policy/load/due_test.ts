import assert from 'node:assert/strict'
import { PlaceDue } from '../../../src/policy/place/due.ts'

Deno.test('a placement that a jump overtook is discarded, and the next is requested at once', () => {
  const due = new PlaceDue()
  assert.ok(due.atMs([100], 0) <= 0)
  due.requested([100], 0)
  assert.ok(due.answered([300]), 'the first is better than none')
  due.requested([100], 5000)
  assert.ok(due.atMs([300], 5200) > 5200, 'one answer at a time')
  assert.equal(due.answered([300]), false)
  assert.ok(due.atMs([300], 5300) <= 5300)
  due.requested([300], 5300)
  assert.ok(due.answered([310]))
  assert.ok(due.atMs([310], 5600) > 5600, 'nothing calls for another so soon')
})

Deno.test('a placement is applied in the end, even if demand keeps rising', () => {
  const due = new PlaceDue()
  let rate = 10
  let taken = 0
  for (let i = 0; i < 8; i++) {
    due.requested([rate], i * 1000)
    rate *= 2
    if (due.answered([rate])) taken++
  }
  assert.ok(taken >= 4, `${taken} of 8`)
})

Deno.test('a placement is overtaken once demand is far above that of its request', () => {
  const due = new PlaceDue()
  assert.equal(due.isOvertaken([100]), false, 'there is none yet')
  due.requested([100], 0)
  due.answered([100])
  assert.equal(due.isOvertaken([110]), false)
  assert.equal(due.isOvertaken([200]), true)
  due.requested([200], 1000)
  assert.equal(due.isOvertaken([200]), true, 'until the next is there')
  due.answered([200])
  assert.equal(due.isOvertaken([200]), false)
})

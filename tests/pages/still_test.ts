/** Lines that somebody works with keep their places. */
import assert from 'node:assert/strict'
import { keepOrder } from '../../src/pages/dashboard/still.ts'

const nobody = () => false

Deno.test('what is sorted anew keeps the order of before, and what came since is below', () => {
  assert.deepEqual(keepOrder(['a', 'b', 'c'], ['new', 'c', 'a', 'b'], nobody), [
    ...['a', 'b', 'c', 'new'],
  ])
  assert.deepEqual(keepOrder([], ['b', 'a'], nobody), ['b', 'a'])
})

Deno.test('what is gone leaves its place only where nothing is to stay', () => {
  assert.deepEqual(keepOrder(['a', 'b', 'c'], ['c', 'b'], nobody), ['b', 'c'])
  assert.deepEqual(keepOrder(['a', 'b', 'c'], ['c', 'b'], (key) => key === 'a'), ['a', 'b', 'c'])
})

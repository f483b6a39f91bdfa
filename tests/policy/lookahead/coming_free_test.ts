/** When a pool whose slots come free one by one has done so much. */
import assert from 'node:assert/strict'
import {
  beginsAtMs,
  createFreeing,
  doneAfterMs,
} from '../../../src/policy/lookahead/coming_free.ts'

Deno.test('slots that are there do the work, and those at long batches not before these end', () => {
  // Of four slots one is there, one comes free after 40 ms, and two after 400.
  const free = createFreeing([40, 400, 400], 4)
  assert.equal(doneAfterMs(free, 0), 0)
  // A slot alone does 5 ms of the pool's time in 20.
  assert.equal(doneAfterMs(free, 5), 20)
  assert.equal(doneAfterMs(free, 10), 40)
  // From then on there are two.
  assert.equal(doneAfterMs(free, 30), 80)
  // All of them: 10, and 360 / 2, and at the pool's own pace.
  assert.equal(doneAfterMs(free, 190), 400)
  assert.equal(doneAfterMs(free, 200), 410)
  assert.equal(beginsAtMs(free, 30, 1000), 1080)
})

Deno.test('where none is there nothing is done before the first comes free', () => {
  const free = createFreeing([100, 300], 2)
  assert.equal(doneAfterMs(free, 0), 100)
  assert.equal(doneAfterMs(free, 50), 200)
})

Deno.test('a pool at rest does it at once; of more busy slots than there are the first count', () => {
  assert.equal(doneAfterMs(createFreeing([], 3), 7), 7)
  assert.equal(doneAfterMs(createFreeing([10, 20, 30], 2), 10), 25)
})

Deno.test('slots that are busy for longer are counted', () => {
  const free = createFreeing([40, 400, 400], 4)
  assert.deepEqual([0, 40, 399, 400].map((ms) => free.busyAfter(ms)), [3, 2, 2, 0])
})

/** How little time queries have. */
import assert from 'node:assert/strict'
import { createHaste } from '../../../src/policy/demand/haste.ts'

Deno.test('where all have about as long the hastiest have, too', () => {
  const haste = createHaste()
  assert.equal(haste.laxityMs, Infinity)
  for (let i = 0; i < 500; i++) haste.saw(200 + 20 * Math.sin(i))
  assert.ok(haste.laxityMs > 150 && haste.laxityMs < 220, `${haste.laxityMs}`)
})

Deno.test('a tenth of the queries with little time count, one in fifty does not', () => {
  const everyTenth = createHaste()
  const everyFiftieth = createHaste()
  for (let i = 0; i < 2000; i++) {
    everyTenth.saw(i % 10 === 9 ? 20 : 1000)
    everyFiftieth.saw(i % 50 === 49 ? 20 : 1000)
  }
  assert.ok(everyTenth.laxityMs < 40, `${everyTenth.laxityMs}`)
  assert.ok(everyFiftieth.laxityMs > 800, `${everyFiftieth.laxityMs}`)
})

Deno.test('when all have long again it is soon forgotten that some had not', () => {
  const haste = createHaste()
  for (let i = 0; i < 200; i++) haste.saw(i % 2 === 0 ? 20 : 1000)
  for (let i = 0; i < 2000; i++) haste.saw(1000)
  assert.ok(haste.laxityMs > 900, `${haste.laxityMs}`)
  // Nor do those count who have none to spare.
  haste.saw(0)
  haste.saw(-5)
  haste.saw(NaN)
  assert.ok(haste.laxityMs > 900, `${haste.laxityMs}`)
})

/** Plans where nobody has time to wait. */
import assert from 'node:assert/strict'
import { loki } from '../../src/peers/loki.ts'
import { lokiPublished } from '../../src/peers/loki_published.ts'
import { pipeline, small } from './fixtures.ts'

Deno.test('loki may use all of a deadline that nothing fits half of, the paper does not say so', () => {
  // The quickest take 15 ms.
  const { problem } = small({ ...pipeline, sloMs: 25 })
  const { mode, groups } = loki(undefined).allocate(problem(10, 4))!
  assert.equal(mode, 'accuracy')
  assert.ok(groups.every(({ variant }) => variant.ref.variant === 'quick'))
  assert.equal(lokiPublished(undefined).allocate(problem(10, 4)), undefined)
})

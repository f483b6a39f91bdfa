/** A pool that grows in a moment is worth what it is, not what it was when it was small. */
import assert from 'node:assert/strict'
import { createBatchSizes } from '../../src/policy/estimate/batch_sizes.ts'
import { createFanOut } from '../../src/policy/estimate/fanout.ts'
import { createPool } from '../../src/policy/state/pool.ts'
import { createProfile } from '../../src/policy/estimate/profile.ts'
import { shapesOf } from '../../src/policy/core/graph.ts'
import { createSharing } from '../../src/policy/lookahead/sharing.ts'
import { ocr, refsOf } from './fixtures.ts'

Deno.test('a query takes a smaller share of a pool that has grown since it was priced', () => {
  const able = refsOf(ocr)
  const pool = createPool({
    shapes: shapesOf([ocr]),
    profile: createProfile(),
    fanOut: createFanOut(),
    sizes: createBatchSizes(),
    sharing: createSharing({ pipelines: () => [] }),
    limits: { maxBatch: 16 },
    rulings: { isOpen: () => true },
  })
  const join = (node: string) => {
    pool.join({ type: 'node_joined', node, slots: 1, duty: 1, able })
    for (const ref of able) pool.loaded(node, 0, ref, true, 0)
  }
  const leastMs = () => {
    const { capacity } = pool.capacity(0)
    return capacity.services.map((service) => service!.poolMs)
  }
  join('first')
  const alone = leastMs()
  const [group] = pool.capacity(0).capacity.groups
  // One came that no capacity knows of yet: what is priced is the pool as it was.
  join('n1')
  pool.price(new Map([[group!.key, 1]]))
  for (let i = 2; i < 10; i++) join(`n${i}`)
  leastMs().forEach((ms, i) => assert.ok(Math.abs(ms - alone[i]! / 10) < 1e-9, `${ms}`))
})

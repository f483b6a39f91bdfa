import assert from 'node:assert/strict'
import { loadOrder } from '../../../src/policy/load/load_order.ts'
import { shapesOf } from '../../../src/policy/shape.ts'
import { nodeOf, ocr, refsOf } from '../fixtures.ts'
import { createPool } from '../fixtures.ts'

Deno.test('loadOrder() makes the pipeline servable first, accurate next', () => {
  const shapes = shapesOf([ocr])
  const order = loadOrder(refsOf(ocr).map((ref) => shapes.find(ref)!))
  assert.deepEqual(order.map(({ ref }) => ref.variant), ['small', 'tiny', 'large', 'big', 'mid'])
})

Deno.test('controller loads one variant at a time into each slot until it holds all', () => {
  const pool = createPool([ocr])
  pool.join(nodeOf('a', [ocr], { slots: 2, loadMs: 100 }))
  const loads = () =>
    pool.commands.flatMap(({ command }) => command.type === 'load' ? [command.slot] : [])
  assert.deepEqual(loads(), [0, 1])
  pool.run(150)
  assert.deepEqual(loads(), [0, 1, 0, 1])
  pool.run(10_000)
  assert.equal(loads().length, 10)
  assert.equal(pool.scheduler.stats().nodes.a!.instances, 10)
  assert.deepEqual(
    pool.scheduler.plan().instances.map(({ variant, count }) => [variant, count]),
    [['small', 2], ['large', 2], ['tiny', 2], ['mid', 2], ['big', 2]],
  )
})

Deno.test('controller gives up loading after a bounded number of tries, with growing pauses', () => {
  const pool = createPool([ocr], { limits: { maxLoadAttempts: 3 } })
  pool.join(nodeOf('a', [ocr], { faults: { loadFailRatio: 1 } }))
  pool.run(1_000_000)
  const times = pool.commands.flatMap(({ atMs, command }) =>
    command.type === 'load' && command.variant === 'small' ? [atMs] : []
  )
  assert.equal(times.length, 3)
  assert.ok(times[2]! - times[1]! > times[1]! - times[0]!)
  assert.equal(pool.commands.filter(({ command }) => command.type === 'load').length, 15)
})

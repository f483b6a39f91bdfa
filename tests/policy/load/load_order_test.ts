import assert from 'node:assert/strict'
import { loadOrder, startingWith } from '../../../src/policy/place/load_order.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { createPool, nodeOf, ocr, refsOf, street } from '../fixtures.ts'

Deno.test('loadOrder() begins with the most accurate variant of each task, then the quickest', () => {
  const shapes = shapesOf([ocr])
  const order = loadOrder(refsOf(ocr).map((ref) => shapes.find(ref)!))
  assert.deepEqual(order.map(({ ref }) => ref.variant), ['large', 'big', 'small', 'tiny', 'mid'])
})

Deno.test('startingWith() puts the wanted variants of each task first, then their quickest', () => {
  const shapes = shapesOf([ocr, street])
  const order = loadOrder([...refsOf(ocr), ...refsOf(street)].map((ref) => shapes.find(ref)!))
  const named = (variants: readonly (typeof order)[number][]) =>
    variants.map(({ task, ref }) => `${task.name} ${ref.variant}`)
  const wanted = ['read mid', 'detect large', 'read big'].map((name) =>
    order.find(({ task, ref }) => name === `${task.name} ${ref.variant}`)!
  )
  const first = startingWith(wanted, order)
  assert.deepEqual(
    named(first).slice(0, 6),
    ['read mid', 'detect large', 'read tiny', 'detect small', 'read big', 'scene fine'],
  )
  assert.deepEqual(new Set(first), new Set(order))
  assert.equal(first.length, order.length)
  assert.deepEqual(startingWith([], order), order)
})

Deno.test('a node that joins loads first what the demand needs, in overload the quickest', () => {
  const loadsOf = (perS: number, pipelines = [ocr]) => {
    const pool = createPool(pipelines)
    for (const id of ['a', 'b', 'c', 'd']) pool.join(nodeOf(id, [ocr]))
    for (let i = 0; i < 6 * perS; i++) {
      pool.time.at(i * 1000 / perS, () => pool.ask(`q${i}`, 'ocr', 5000))
    }
    pool.time.at(4000, () => pool.join(nodeOf('e', [ocr], { loadMs: 100 })))
    pool.run(6000)
    return pool.commands.flatMap(({ command }) =>
      command.type === 'load' && command.node === 'e' ? [command.variant] : []
    )
  }
  // A query takes 40 or 160 ms, and its four lines 5, 15 or 40 ms each: with 5 nodes for 24 queries per
  // second, the best for twice the demand is the quicker detector with the medium reader.
  assert.deepEqual(loadsOf(24).slice(0, 3), ['mid', 'small', 'tiny'])
  // A pipeline that none of them can serve does not change that.
  assert.deepEqual(loadsOf(24, [ocr, street]).slice(0, 3), ['mid', 'small', 'tiny'])
  // Hardly any demand.
  assert.deepEqual(loadsOf(1).slice(0, 2).sort(), ['big', 'large'])
  // More demand than four can serve.
  assert.deepEqual(loadsOf(90).slice(0, 2), ['small', 'tiny'])
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

Deno.test('controller loads nothing into slots that a node has lost', () => {
  const pool = createPool([ocr])
  pool.join(nodeOf('a', [ocr], { slots: 2, loadMs: 100 }))
  pool.run(50)
  pool.post({ type: 'node_reported', node: 'a', slots: 1 })
  pool.run(10_000)
  const slots = pool.commands.flatMap(({ command }) =>
    command.type === 'load' ? [command.slot] : []
  )
  assert.deepEqual(slots, [0, 1, 0, 0, 0, 0])
})

Deno.test('controller stops loading after a limited number of tries, with growing pauses', () => {
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

Deno.test('a node whose loads failed for a while is tried again after an hour', () => {
  const pool = createPool([ocr], { limits: { maxLoadAttempts: 3 } })
  const faults = { loadFailRatio: 1 }
  pool.join(nodeOf('a', [ocr], { faults }))
  const readyAt = (nowMs: number) => {
    pool.run(nowMs)
    return pool.scheduler.stats().nodes['a']!.instances
  }
  assert.equal(readyAt(1_000_000), 0)
  faults.loadFailRatio = 0
  assert.equal(readyAt(3_500_000), 0)
  assert.equal(readyAt(3_700_000), 5)
  const loads = pool.commands.filter(({ command }) => command.type === 'load')
  assert.equal(loads.length, 15 + 5)
})

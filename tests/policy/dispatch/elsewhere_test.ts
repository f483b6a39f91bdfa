/** Whether others would serve an item better, by where they are. */
import assert from 'node:assert/strict'
import type { Choice, View } from '../../../src/policy/dispatch/choose.ts'
import { elsewhere, isFurther, isKeptElsewhere } from '../../../src/policy/dispatch/elsewhere.ts'
import { isInGoodHands } from '../../../src/policy/dispatch/help.ts'
import { createCapacityReport } from '../../../src/policy/frontier/problem.ts'
import type { Capacity, Service } from '../../../src/policy/state/capacity.ts'
import type { FanOut } from '../../../src/policy/estimate/fanout.ts'
import { makespanMs } from '../../../src/policy/lookahead/makespan.ts'
import type { Item } from '../../../src/policy/state/query.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import type { Group, Slot } from '../../../src/policy/state/slots.ts'
import { single } from '../fixtures.ts'

const shapes = shapesOf([single])
const task = shapes.variants[0]!.task
const sloMs = single.sloMs

const groupOf = (index: number) =>
  ({ index, key: `g${index}`, class: { name: `g${index}` }, slots: [{}], duty: 1 }) as Group
const [near, far] = [groupOf(0), groupOf(1)]

/** 20 ms an item, 25 at most, on either; the far one is 80 ms further away. */
const server = (group: Group, networkMs: number) => ({
  ...{ group, meanMs: 20, upperMs: 25, networkMs, costMs: 20, planMs: 20, batch: 1, known: [] },
  latencyMs: (batch: number) => 20 * batch,
})
const service: Service = {
  servers: [server(near, 2), server(far, 82)],
  ...{ poolMs: 10, networkMs: 2, nearestMs: 2, upperRatio: 1.25, spansMs: [] },
}
const services = shapes.variants.map((_, i) => i === 0 ? service : undefined)

function viewOf(nearFreeMs: number, farFreeMs: number): View {
  return {
    ...{ nowMs: 0, keep: 0.2, calls: true, freeMs: [nearFreeMs, farFreeMs] },
    capacity: { services },
    tails: { least: () => ({ chainMs: 0, safeChainMs: 0 }) },
  } as unknown as View
}

function itemOf(deadlineMs: number): Item {
  const query = { deadlineMs, laxityMs: 200, level: 0 }
  const way = { prefixes: [{ variant: shapes.variants[0] }] }
  return { query, task, deadlineMs, way } as unknown as Item
}

const slotAt = (networkMs: number) =>
  ({ group: far, node: { times: { networkMs: () => networkMs } } }) as unknown as Slot

Deno.test('another slot serves an item in time if it does with the way there, and back', () => {
  const busy = viewOf(Infinity, 0)
  const by = (deadlineMs: number) => elsewhere(itemOf(deadlineMs), slotAt(2), busy)
  assert.deepEqual([by(107), by(106), by(102), by(101)], ['safe', 'possible', 'possible', 'no'])
  assert.equal(elsewhere(itemOf(27), slotAt(2), viewOf(0, 0)), 'safe')
})

Deno.test('an item is kept elsewhere if it ends there much sooner, with what is kept of its laxity', () => {
  const choice = { safeEndMs: 240 } as Choice
  const at = (freeMs: number, endMs = 240) =>
    isKeptElsewhere(
      itemOf(250),
      { ...choice, safeEndMs: endMs },
      slotAt(82),
      viewOf(freeMs, Infinity),
    )
  // By 200: a fifth of its laxity before this slot's end, and before what is kept.
  assert.deepEqual([at(173), at(174)], [true, false])
  assert.deepEqual([at(173, 239), at(172, 239)], [false, true])
  assert.deepEqual([at(183, 255), at(184, 255)], [true, false])
  // Of the 40 ms that are kept 30 are enough.
  assert.deepEqual([at(0, 221), at(0, 220)], [true, false])
})

Deno.test('a slot is further away by a tenth of the time that queries have', () => {
  const isFar = (networkMs: number) => isFurther(task, slotAt(networkMs), viewOf(0, 0))
  assert.deepEqual([isFar(2), isFar(2 + 0.1 * sloMs), isFar(3 + 0.1 * sloMs)], [false, false, true])
})

Deno.test('items that come together are spread no further than that ends them sooner', () => {
  const span = (networkMs: number) =>
    makespanMs(
      { ...service, servers: [server(near, 2), server(far, networkMs)], spansMs: [] },
      2,
      1,
      1,
    )
  assert.ok(Math.abs(span(2) - 20) < 0.1, `${span(2)}`)
  assert.ok(Math.abs(span(12) - 30) < 0.1, `${span(12)}`)
  assert.ok(Math.abs(span(82) - 40) < 0.1, `${span(82)}`)
})

Deno.test('a frontier is told how far each group is', () => {
  const groups = [near, far].map((group) => ({ ...group, island: 0 }))
  const capacity = { groups, services } as unknown as Capacity
  const report = createCapacityReport(shapes, { mean: () => 1 } as unknown as FanOut)(capacity)
  assert.deepEqual(report.services[0], [
    { group: 0, costMs: 20, aloneMs: 27, awayMs: 0 },
    { group: 1, costMs: 20, aloneMs: 107, awayMs: 80 },
  ])
})

Deno.test('hands that are far away are good ones if there is time for the way', () => {
  const targets = { mixNumber: 1, isPlanned: () => true, share: () => 1 }
  const view = { ...viewOf(Infinity, 0), targets } as unknown as View
  const slot = { group: near, held: new Set(), node: { openCount: 0 } } as unknown as Slot
  const isGood = (dueMs: number) => {
    const item = itemOf(dueMs)
    Object.assign(item.query, { dueMs })
    Object.assign(item.way, { index: 0 })
    return isInGoodHands(item, 0, slot, view)
  }
  // 25 ms and the way, with three tenths of the laxity left.
  assert.deepEqual([isGood(167), isGood(166)], [true, false])
})

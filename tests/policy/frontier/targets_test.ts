/** What each group of slots is to do next, so that over time the mix comes about. */
import assert from 'node:assert/strict'
import type { Mix } from '../../../src/policy/frontier/mix.ts'
import { solveFrontier } from '../../../src/policy/frontier/solve.ts'
import { createTargets } from '../../../src/policy/frontier/targets.ts'
import type { Group } from '../../../src/policy/state/slots.ts'
import type { Item } from '../../../src/policy/state/query.ts'
import { shapesOf, type Way } from '../../../src/policy/core/graph.ts'
import { ocr } from '../fixtures.ts'
import { problemOf } from './problem_of.ts'

const shapes = shapesOf([ocr])
const shape = shapes.pipelines.get('ocr')!
const [detect, read] = shape.tasks as [typeof shape.root, typeof shape.root]
/** Slots that are quick, and as many that take twice as long; or each good at one of the tasks. */
const POOLS = [[1, 2], [[1, 1, 9, 9, 9], [9, 9, 1, 1, 1]]]
const RATES = [10, 20, 25, 30, 40, 50]
const mixFor = (ratePerS: number, pool = POOLS[0]!): Mix =>
  solveFrontier(
    shapes,
    problemOf(shapes, pool.map((slowness) => ({ slots: 4, slowness })), [ratePerS]),
  )!

function adopted(ratePerS: number, pool = POOLS[0]!) {
  const [targets, mix] = [createTargets(), mixFor(ratePerS, pool)]
  targets.adopt(mix)
  return { targets, mix, groups: groupsOf() }
}

const all = POOLS.flatMap((pool) => RATES.map((ratePerS) => ({ pool, ratePerS })))

const groupsOf = () => ['g0', 'g1'].map((key) => ({ key }) as Group)
const itemOf = (way: Way) => ({ task: way.task, way, query: { shape } }) as unknown as Item
const query = { root: { task: shape.root } } as Parameters<
  ReturnType<typeof createTargets>['queryMs']
>[0]

Deno.test('each group comes to do of each variant what the mix gives it', () => {
  for (const { ratePerS, pool } of all) {
    const { targets, mix, groups } = adopted(ratePerS, pool)
    for (const task of shape.tasks) {
      for (const [g, group] of groups.entries()) {
        const planned = task.variants.map(({ index }) => mix.items[index]![g]!)
        const sum = planned.reduce((sum, items) => sum + items, 0)
        assert.equal(targets.isPlanned(task, group), sum > 0)
        assert.ok(Math.abs(targets.itemsPerMs(task, group) - sum) < 1e-9)
        if (sum === 0) continue
        const count = task.variants.map(() => 0)
        for (let i = 0; i < 300; i++) {
          const next = targets.next(task, group)!
          targets.charge(task, group, next, 1)
          count[task.variants.indexOf(next)]!++
        }
        task.variants.forEach((variant, v) => {
          const due = 300 * planned[v]! / sum
          assert.ok(
            Math.abs(count[v]! - due) <= 1,
            `${count[v]}, not ${due}, of ${v} at ${ratePerS}`,
          )
          const times = task.variants.map(({ index }) => mix.work[index]![g]!)
          const time = times[v]! / times.reduce((sum, one) => sum + one, 0)
          assert.ok(Math.abs(targets.share(variant, group) - time) < 1e-9)
        })
      }
    }
  }
})

Deno.test('items go on only as the mix has those go on that came so', () => {
  let parted = 0
  for (const { ratePerS, pool } of all) {
    const { targets, mix, groups } = adopted(ratePerS, pool)
    const [{ flow }] = mix.pipelines as [Mix['pipelines'][0]]
    for (const { id, ways: [way] } of shape.starts) {
      const open = way!.prefixes.filter((prefix) => flow[prefix.id]! > 1e-6)
      if (flow[id]! <= 1e-6) {
        assert.equal(open.length, 0)
        // Nothing was to come so: what does is served as any.
        for (const { variant } of way!.prefixes) assert.ok(targets.isFor(itemOf(way!), variant))
        continue
      }
      if (open.length < read.variants.length) parted++
      for (const { variant } of way!.prefixes) {
        const isOpen = open.some((prefix) => prefix.variant === variant)
        assert.equal(targets.isFor(itemOf(way!), variant), isOpen)
      }
      for (const [g, group] of groups.entries()) {
        // Who does nothing of it helps with whatever it does.
        if (!open.some(({ variant }) => mix.items[variant.index]![g]! > 1e-6)) continue
        for (let i = 0; i < 20; i++) {
          const next = targets.target(itemOf(way!), group)!
          assert.ok(open.some(({ variant }) => variant === next), `${next.ref.variant}`)
          targets.charge(read, group, next, 1)
        }
      }
      const items = shape.starts.map((start) => flow[start.id]! * start.variant.fanOut[0]!)
      const due = flow[id]! * 4 / items.reduce((sum, one) => sum + one, 0)
      assert.ok(Math.abs(targets.wayShare(way!) - due) < 1e-9)
    }
  }
  assert.ok(parted > 0)
})

Deno.test('what was missed long ago is not made up for', () => {
  const { targets, mix, groups: [group] } = adopted(40)
  const [small, large] = detect.variants as [typeof detect.variants[0], typeof detect.variants[0]]
  const [planned] = [small, large].map(({ index }) => mix.items[index]![0]!) as [number]
  assert.ok(planned > 0 && mix.items[large.index]![0]! > 0)
  for (const [done, other] of [[small, large], [large, small]] as const) {
    targets.charge(detect, group!, done, 10_000)
    let inARow = 0
    while (targets.next(detect, group!) === other) {
      targets.charge(detect, group!, other, 1)
      inARow++
      assert.ok(inARow < 500)
    }
    assert.ok(inARow > 5, `${inARow} in a row`)
  }
})

Deno.test('a new mix is followed at once; without one nothing is wished', () => {
  const targets = createTargets()
  const [way] = shape.starts[0]!.ways as [Way]
  const [group] = groupsOf() as [Group]
  assert.equal(targets.target(itemOf(way), group), undefined)
  assert.equal(targets.next(detect, group), undefined)
  assert.ok(targets.isPlanned(read, group) && targets.isFor(itemOf(way), read.variants[0]!))
  assert.equal(targets.queryMs(query), Infinity)
  assert.deepEqual([targets.share(detect.variants[0]!, group), targets.itemsPerMs(read, group)], [
    0,
    0,
  ])
  assert.equal(targets.isScarce, false)
  targets.charge(detect, group, detect.variants[0]!, 1)

  const [few, many] = [mixFor(1), mixFor(1000)]
  targets.adopt(few)
  const { mixNumber } = targets
  assert.equal(targets.next(detect, group)!.ref.variant, 'large')
  assert.equal(targets.isScarce, false)
  assert.equal(targets.queryMs(query), few.taskMs[detect.index])
  targets.adopt(many)
  assert.ok(targets.mixNumber > mixNumber)
  assert.equal(targets.next(detect, group)!.ref.variant, 'small')
  assert.equal(targets.isScarce, true)
  assert.equal(targets.queryMs(query), many.taskMs[detect.index])
  // Who came since helps with whatever the pool does.
  const stranger = { key: 'new' } as Group
  assert.equal(targets.isPlanned(detect, stranger), false)
  assert.equal(targets.next(detect, stranger)!.ref.variant, 'small')
  assert.equal(targets.itemsPerMs(detect, stranger), 0)
})

Deno.test('what a group is behind goes with it from mix to mix, until it is gone', () => {
  const { targets, mix, groups: [group, other] } = adopted(40)
  const [small, large] = detect.variants as [typeof detect.variants[0], typeof detect.variants[0]]
  const inARow = () => {
    let count = 0
    for (; targets.next(detect, group!) === large && count < 500; count++) {
      targets.charge(detect, group!, large, 1)
    }
    return count
  }
  targets.charge(detect, group!, small, 10)
  targets.adopt(mix)
  assert.ok(inARow() >= 5)
  targets.charge(detect, group!, small, 10)
  targets.adopt({ ...mix, groups: ['else'] })
  targets.adopt(mix)
  assert.ok(inARow() <= 1)
  // Both do some of the reading: who has had all of it is ahead.
  targets.charge(read, group!, read.variants[0]!, 10)
  assert.ok(targets.isAhead(read, group!) && targets.isBehind(read, other!))
  assert.ok(!targets.isAhead(read, other!) && !targets.isBehind(read, group!))
})

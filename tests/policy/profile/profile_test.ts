import assert from 'node:assert/strict'
import { Profile } from '../../../src/policy/estimate/profile.ts'
import { createScheduler } from '../../../src/policy/scheduler.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { createRandom, lognormal } from '../../../src/sim/random.ts'
import { asked } from '../by_hand.ts'
import { commandsOf, ocr, refsOf } from '../fixtures.ts'

const shapes = shapesOf([ocr])
const find = (task: string, variant: string) => shapes.find({ pipeline: 'ocr', task, variant })!
const small = find('detect', 'small')
const large = find('detect', 'large')

function assertNear(actual: number, expected: number, share: number) {
  assert.ok(
    Math.abs(actual - expected) <= share * expected,
    `received ${actual}, expected ${expected} within ${share * 100} %`,
  )
}

Deno.test('profile starts from the reference of the pipeline file', () => {
  const profile = new Profile()
  assert.equal(profile.latency('a', small, 1).meanMs, 40)
  assert.equal(profile.latency('a', small, 3).meanMs, 120)
})

Deno.test('profile takes measured points as fixed time plus time per item', () => {
  const profile = new Profile()
  profile.measured('a', small, [{ batch: 1, latencyMs: 30 }, { batch: 4, latencyMs: 60 }])
  assertNear(profile.latency('a', small, 2).meanMs, 40, 0.01)
  assertNear(profile.latency('a', small, 8).meanMs, 100, 0.01)
})

Deno.test('profile applies the speed of a node to variants it has not run', () => {
  const profile = new Profile()
  profile.measured('a', small, [{ batch: 1, latencyMs: 120 }])
  assertNear(profile.latency('a', large, 1).meanMs, 480, 0.01)
  assertNear(profile.slowness('a'), 3, 0.01)
  assert.equal(profile.latency('b', large, 1).meanMs, 160)
})

Deno.test('profile applies larger batches explored on one node to nodes without measurements', () => {
  const profile = new Profile()
  const latencyMs = (batch: number) => 2 * (35 + 5 * batch)
  for (const batch of [1, 2, 4, 8]) {
    for (let i = 0; i < 3; i++) profile.ran('a', small, batch, latencyMs(batch))
  }
  // This node is twice as fast as the one measured, and at the speed of the file.
  for (const batch of [1, 2, 4, 8]) {
    assertNear(profile.latency('b', small, batch).meanMs, latencyMs(batch) / 2, 0.01)
  }
  // Another node has measured the time of one item.
  profile.measured('c', small, [{ batch: 1, latencyMs: 20 }])
  for (const batch of [1, 2, 4, 8]) {
    assertNear(profile.latency('c', small, batch).meanMs, latencyMs(batch) / 4, 0.01)
  }
})

Deno.test('profile follows batches that take longer than assumed', () => {
  const profile = new Profile()
  for (let i = 0; i < 20; i++) profile.ran('a', small, 1 + i % 4, 100 * (1 + i % 4))
  assertNear(profile.latency('a', small, 1).meanMs, 100, 0.1)
  assertNear(profile.latency('a', small, 4).meanMs, 400, 0.1)
})

Deno.test('profile limits the effect of one outlier', () => {
  const profile = new Profile()
  for (let i = 0; i < 30; i++) profile.ran('a', small, 1, 40)
  profile.ran('a', small, 1, 40_000)
  assert.ok(profile.latency('a', small, 1).meanMs < 60)
})

Deno.test('profile learns an upper latency that few batches exceed', () => {
  const profile = new Profile()
  const random = createRandom(5)
  let above = 0
  for (let i = 0; i < 2000; i++) {
    const latencyMs = 40 * lognormal(random, 0.3)
    if (i > 100 && latencyMs > profile.latency('a', small, 1).upperMs) above++
    profile.ran('a', small, 1, latencyMs)
  }
  assert.ok(above / 1900 < 0.13, `${above} of 1900 above`)
  const { meanMs, upperMs } = profile.latency('a', small, 1)
  assert.ok(upperMs > meanMs * 1.2 && upperMs < meanMs * 2)
})

Deno.test('profile keeps network time separate, by node and task', () => {
  const profile = new Profile()
  profile.roundTrip('a', 6)
  assert.equal(profile.networkMs('a', small.task), 6)
  profile.sent('a', small.task, 30)
  assert.equal(profile.networkMs('a', small.task), 30)
  assert.equal(profile.networkMs('a', find('read', 'tiny').task), 6)
})

Deno.test('profile ignores invalid numbers', () => {
  const profile = new Profile()
  profile.ran('a', small, 1, NaN)
  profile.ran('a', small, 0, 10)
  profile.sent('a', small.task, -1)
  profile.roundTrip('a', Infinity)
  profile.measured('a', small, [{ batch: 1, latencyMs: 0 }])
  assert.equal(profile.latency('a', small, 1).meanMs, 40)
  assert.equal(profile.networkMs('a', small.task), 0)
})

Deno.test('profile lets a slowness fade that is not seen again', () => {
  const profile = new Profile()
  profile.measured('a', small, [{ batch: 1, latencyMs: 40 }])
  for (let i = 0; i < 10; i++) profile.lost('a', small, 1, 4000)
  const slowMs = profile.latency('a', small, 1).meanMs
  assert.ok(slowMs > 1000)
  profile.relax(1000)
  profile.relax(5000)
  assert.equal(profile.latency('a', small, 1).meanMs, slowMs)
  for (let nowMs = 10_000; nowMs < 200_000; nowMs += 5000) profile.relax(nowMs)
  assertNear(profile.latency('a', small, 1).meanMs, 40, 0.05)
})

Deno.test('profile keeps a usual slowness', () => {
  const profile = new Profile()
  for (let i = 0; i < 10; i++) profile.ran('a', small, 1, 400)
  for (let nowMs = 0; nowMs < 200_000; nowMs += 5000) profile.relax(nowMs)
  assertNear(profile.latency('a', small, 1).meanMs, 400, 0.1)
})

Deno.test('profile keeps the estimate from a hundred batches for long', () => {
  const profile = new Profile()
  profile.measured('a', small, [{ batch: 1, latencyMs: 40 }])
  profile.measured('a', large, [{ batch: 1, latencyMs: 160 }])
  for (let i = 0; i < 100; i++) profile.ran('a', large, 1, 320)
  for (let nowMs = 0; nowMs < 60_000; nowMs += 5000) {
    for (let i = 0; i < 10; i++) profile.ran('a', small, 1, 40)
    profile.relax(nowMs)
  }
  assert.ok(profile.meanMs('a', large, 1) > 290, `${profile.meanMs('a', large, 1)}`)
})

Deno.test('profile learns the slowdown beside a load by node, and for new nodes from the others', () => {
  const profile = new Profile()
  const guessed = profile.loadFactor('a')
  assert.ok(guessed > 1)
  for (let i = 0; i < 40; i++) profile.besideLoad('a', 1.2)
  assertNear(profile.loadFactor('a'), 1.2, 0.01)
  assertNear(profile.loadFactor('new'), 1.2, 0.01)
  for (let i = 0; i < 40; i++) profile.besideLoad('b', 1000)
  assert.ok(profile.loadFactor('b') <= 10, 'a load that blocks says no more than so much')
  assertNear(profile.loadFactor('a'), 1.2, 0.01)
})

Deno.test('profile forgets the nodes gone longest, and never a present node', () => {
  const profile = new Profile()
  const join = (id: string) => {
    profile.joined(id)
    profile.measured(id, small, [{ batch: 1, latencyMs: 7 }])
  }
  join('here')
  for (let i = 0; i < 20_001; i++) {
    join(`visitor-${i}`)
    profile.left(`visitor-${i}`)
  }
  assert.equal(profile.isKnown('here', small), true)
  assert.equal(profile.isKnown('visitor-20000', small), true)
  assert.equal(profile.isKnown('visitor-18001', small), true)
  // Each node is read every few seconds, so there is room for only so many.
  assert.equal(profile.isKnown('visitor-0', small), false)
  assert.equal(profile.isKnown('visitor-18000', small), false)
  // A node that came back is present.
  profile.joined('visitor-18001')
  for (let i = 0; i < 2001; i++) {
    join(`later-${i}`)
    profile.left(`later-${i}`)
  }
  assert.equal(profile.isKnown('visitor-18001', small), true)
})

Deno.test('a replacement variant keeps its estimates once the old one is dropped', () => {
  const profile = new Profile()
  profile.ran('a', small, 1, 80)
  profile.ran('a', small, 1, 80)
  profile.inherit(small, large)
  const thoughtMs = profile.meanMs('a', large, 1)
  profile.drop([small])
  assert.equal(profile.isKnown('a', small), false)
  assert.equal(profile.isKnown('a', large), true)
  assert.equal(profile.meanMs('a', large, 1), thoughtMs)
})

Deno.test('profile survives nonsense reported by one node', () => {
  const odd = [
    [{ batch: 1, latencyMs: 30 }, { batch: 1, latencyMs: 30 }],
    [{ batch: 4, latencyMs: 50 }, { batch: 4, latencyMs: 70 }, { batch: 8, latencyMs: 20 }],
    [{ batch: 1, latencyMs: 5e-324 }, { batch: 2, latencyMs: 5e-324 }],
    [{ batch: 1, latencyMs: 5e-324 }],
    [{ batch: 1, latencyMs: 1e-9 }, { batch: 1024, latencyMs: 1e9 }],
    [{ batch: 1024, latencyMs: 1e9 }, { batch: 1, latencyMs: 0 }],
  ]
  for (const points of odd) {
    const profile = new Profile()
    profile.measured('odd', small, points)
    profile.ran('odd', small, 1, 40)
    profile.measured('other', small, [{ batch: 1, latencyMs: 40 }])
    for (const node of ['odd', 'other', 'new']) {
      for (const variant of [small, large]) {
        for (const batch of [1, 2, 3, 8, 64]) {
          const { meanMs, upperMs } = profile.latency(node, variant, batch)
          const said = JSON.stringify(points)
          assert.ok(meanMs > 0 && meanMs < Infinity, `${said}: ${node} ${batch} ${meanMs}`)
          assert.ok(upperMs >= meanMs && upperMs < Infinity, `${said}: ${node} ${batch} ${upperMs}`)
        }
      }
    }
  }
  // If one size was measured twice, the quicker one was less disturbed.
  const profile = new Profile()
  const twice = [[4, 90], [1, 30], [4, 60]] as const
  profile.measured('a', small, twice.map(([batch, latencyMs]) => ({ batch, latencyMs })))
  assertNear(profile.meanMs('a', small, 4), 60, 1e-6)
  assertNear(profile.meanMs('a', small, 2), 40, 1e-6)
})

Deno.test('a pool serves on after a node that reported nonsense has left', () => {
  const scheduler = createScheduler({ pipelines: [ocr] })
  const able = refsOf(ocr)
  const points = [{ batch: 1, latencyMs: 30 }, { batch: 1, latencyMs: 30 }]
  for (const node of ['a', 'odd']) {
    scheduler.handle({ type: 'node_joined', node, slots: 1, duty: 1, able }, 0)
    if (node === 'odd') {
      const profile = able.map((ref) => ({ ...ref, points }))
      scheduler.handle({ type: 'node_reported', node, profile }, 0)
    }
    for (const ref of able) {
      scheduler.handle({ type: 'instance_ready', node, slot: 0, ...ref }, 0)
    }
  }
  scheduler.handle({ type: 'node_left', node: 'odd' }, 10)
  const [sent] = commandsOf(scheduler, asked('q', 6000), 1000, 'dispatch')
  assert.equal(sent?.node, 'a')
})

/** Slowdowns of all variants of a node, or of all nodes, inferred from a few. */
import assert from 'node:assert/strict'
import { Profile } from '../../../src/policy/estimate/profile.ts'
import { shapesOf } from '../../../src/policy/core/graph.ts'
import { createRandom, lognormal } from '../../../src/sim/random.ts'
import { ocr } from '../fixtures.ts'

const shapes = shapesOf([ocr])
const find = (task: string, variant: string) => shapes.find({ pipeline: 'ocr', task, variant })!
const small = find('detect', 'small')
const large = find('detect', 'large')
const NODES = ['a', 'b', 'c', 'd', 'e', 'f']
const SMALL_MS = 40
const LARGE_MS = 160

/** Nodes that ran a few batches of each variant at the file's latency. */
function established(nodes = NODES) {
  const profile = new Profile()
  const run = (node: string, times = 1) => profile.ran(node, small, 1, times * SMALL_MS)
  for (const node of nodes) {
    for (let i = 0; i < 8; i++) {
      run(node)
      profile.ran(node, large, 1, LARGE_MS)
    }
  }
  return { profile, run, largeMs: (node: string) => profile.meanMs(node, large, 1) }
}

function assertNear(actual: number, expected: number, share = 0.1) {
  assert.ok(Math.abs(actual / expected - 1) < share, `${actual}, expected ${expected}`)
}

Deno.test('six slow batches of three nodes slow all nodes and variants, and six normal ones end that', () => {
  const { profile, run, largeMs } = established()
  for (const node of ['a', 'b', 'c', 'a', 'b', 'c']) run(node, 2.5)
  // No node ran the other variant, and three nodes ran nothing.
  for (const node of NODES) assertNear(largeMs(node), 2.5 * LARGE_MS, 0.2)
  // A load outlasts the slowdown: placement uses the usual latency.
  assertNear(profile.usualMs('f', large, 1), LARGE_MS)
  for (const node of ['d', 'e', 'f', 'd', 'e', 'f']) run(node)
  for (const node of NODES) assertNear(largeMs(node), LARGE_MS)
  // It ran two batches that were quicker than the common estimate.
  assertNear(profile.meanMs('f', small, 1), SMALL_MS, 0.2)
})

Deno.test('a slowdown of one node, or of single batches, is not applied to others', () => {
  const { run, largeMs, profile } = established()
  for (let i = 0; i < 20; i++) run('a', 2.5)
  assertNear(largeMs('b'), LARGE_MS)
  assertNear(profile.meanMs('a', small, 1), 2.5 * SMALL_MS)
  for (let i = 0; i < 20; i++) run(NODES[1 + i % 5]!, i % 5 === 4 ? 1 : 2.5)
  assertNear(largeMs('f'), LARGE_MS)
})

Deno.test('varying batch times need more evidence, and chance never causes a common slowdown', () => {
  const { profile, run, largeMs } = established()
  // Spread like batches of nodes that share two processors.
  const VARY = [0.5, 1.3, 0.8, 2, 1, 0.6, 1.6]
  let ran = 0
  const some = (count: number, times = 1) => {
    for (let i = 0; i < count; i++, ran++) run(NODES[ran % 6]!, times * VARY[ran % 7]!)
  }
  for (let i = 0; i < 100; i++) {
    some(6)
    assertNear(largeMs('f'), LARGE_MS)
  }
  const before = profile.meanMs('f', small, 1)
  some(8, 2.5)
  assertNear(largeMs('f'), LARGE_MS)
  some(16, 2.5)
  assertNear(largeMs('f'), 2.5 * LARGE_MS, 0.5)
  some(42)
  assertNear(largeMs('f'), LARGE_MS)
  assertNear(profile.meanMs('f', small, 1), before, 0.5)
})

Deno.test('in a large pool enough nodes must be slow to rule out chance', () => {
  const nodes = Array.from({ length: 60 }, (_, i) => `n${i}`)
  const { run, largeMs } = established(nodes)
  for (const node of nodes) run(node)
  for (const node of nodes.slice(0, 15)) run(node, 2.5)
  assertNear(largeMs('n59'), LARGE_MS)
  for (const node of nodes.slice(15, 30)) run(node, 2.5)
  assertNear(largeMs('n59'), 2.5 * LARGE_MS, 0.2)
})

Deno.test('a change of the only active node says nothing about others', () => {
  const { profile, run, largeMs } = established(['a'])
  for (let i = 0; i < 70; i++) run('a')
  const before = largeMs('b')
  for (let i = 0; i < 20; i++) run('a', 3)
  assertNear(profile.meanMs('a', small, 1), 3 * SMALL_MS)
  assert.ok(largeMs('b') < 2 * before)
})

Deno.test('varying batch times, mostly below the mean, do not make all nodes count as quicker', () => {
  const { profile } = established()
  const random = createRandom(1)
  for (let i = 0; i < 3000; i++) {
    const node = NODES[i % 6]!
    profile.ran(node, small, 1, SMALL_MS * lognormal(random, 1))
    profile.ran(node, large, 1, LARGE_MS * lognormal(random, 1))
    if (i < 300) continue
    const pace = profile.meanMs('a', large, 1) / profile.usualMs('a', large, 1)
    assert.ok(pace > 0.7, `batch ${i}: ${pace} times as long`)
  }
})

Deno.test('a lasting slowdown becomes the usual latency', () => {
  const { profile, run, largeMs } = established()
  for (const node of NODES) run(node, 2)
  profile.relax(0)
  assertNear(profile.usualMs('f', large, 1), LARGE_MS)
  for (const node of NODES) run(node, 2)
  profile.relax(10_000)
  assertNear(profile.usualMs('f', large, 1), 2 * LARGE_MS, 0.2)
  assertNear(largeMs('f'), 2 * LARGE_MS, 0.2)
})

Deno.test('a node that joins during a slowdown, or is unknown, counts as slowed too', () => {
  const { profile, run } = established()
  const before = profile.meanMs('new', small, 1)
  for (const node of NODES) run(node, 2.5)
  assertNear(profile.meanMs('new', small, 1), 2.5 * before, 0.2)
  run('new', 2.5)
  for (const node of NODES) run(node)
  assertNear(profile.meanMs('new', small, 1), before)
})

Deno.test('a measured variant surprises with its first batch', () => {
  const profile = new Profile()
  for (const node of NODES) {
    for (const [one, latencyMs] of [[small, SMALL_MS], [large, LARGE_MS]] as const) {
      profile.measured(node, one, [1, 2].map((batch) => ({ batch, latencyMs: latencyMs * batch })))
    }
  }
  // Each batch is the first of its variant on its node.
  for (const node of ['a', 'b', 'c']) {
    profile.ran(node, small, 1, 3 * SMALL_MS)
    profile.ran(node, large, 1, 3 * LARGE_MS)
  }
  for (const node of ['d', 'e', 'f']) {
    assertNear(profile.meanMs(node, small, 1), 3 * SMALL_MS, 0.25)
    assertNear(profile.meanMs(node, large, 1), 3 * LARGE_MS, 0.25)
  }
})

Deno.test('two slow variants of a node in a row slow all its variants, and no other node', () => {
  const profile = new Profile()
  const variants = [small, large, find('read', 'mid'), find('read', 'big')] as const
  const MS = [SMALL_MS, LARGE_MS, 15, 40] as const
  const run = (i: number, times: number) => profile.ran('a', variants[i]!, 1, times * MS[i]!)
  for (let i = 0; i < 40; i++) run(i % 4, 1)
  const meanMs = (node: string, i: number) => profile.meanMs(node, variants[i]!, 1)
  const other = meanMs('b', 1)
  run(0, 2.5)
  run(2, 2.5)
  // The variants that showed it are not slowed twice, and those that did not run are slowed too.
  for (let i = 0; i < 4; i++) assertNear(meanMs('a', i), 2.5 * MS[i]!, 0.15)
  assert.ok(meanMs('b', 1) < 1.5 * other)
  run(1, 1)
  run(3, 1)
  for (let i = 0; i < 4; i++) assertNear(meanMs('a', i), MS[i]!, 0.15)
})

Deno.test('one slow variant is slow alone, whatever its node runs beside it', () => {
  const { profile } = established()
  for (let i = 0; i < 20; i++) {
    profile.ran('a', small, 1, 2.5 * SMALL_MS)
    profile.ran('a', large, 1, LARGE_MS)
  }
  assertNear(profile.meanMs('a', small, 1), 2.5 * SMALL_MS)
  assertNear(profile.meanMs('a', large, 1), LARGE_MS)
})

/** Devices are used as much as the deadline needs, and no more. */
import assert from 'node:assert/strict'
import { createRandom } from '../../../src/sim/random.ts'
import { asks, asksAtRandom, joins, play, type Scene, tells } from '../story.ts'

/** Speed with 1, 2, 3 and 4 threads relative to one. */
const SPEEDUPS = [1, 1.8, 2.5, 3.1]

/** The use of a node by the last `scale` command. */
function inUse(story: Scene, node: string) {
  return story.commands('scale').filter((one) => one.node === node).at(-1)
}

const slotsInUse = (story: Scene, nodes: readonly string[]) =>
  nodes.reduce((sum, node) => sum + (inUse(story, node)?.slots ?? 0), 0)

Deno.test('Many devices are used a little rather than few at their limit', () => {
  const nodes = ['a', 'b', 'c', 'd']
  const story = play({ children: 2 }, [
    [0, ...nodes.map((id) => joins(id, { slots: 4 }))],
    [1000, asksAtRandom('q', 6, 20_000, 2000)],
  ], 20_000)
  const slots = nodes.map((node) => inUse(story, node)?.slots ?? 0)
  assert.ok(Math.max(...slots) <= 1 + Math.min(...slots.filter((one) => one > 0)), `${slots}`)
  assert.ok(slotsInUse(story, nodes) < 12, `${slots}`)
  const { served, asked } = story.go(24_000).tally()
  assert.equal(served, asked)
})

Deno.test('`sooner` uses all that is lent, `frugal` uses the least', () => {
  const used = (prefer: 'frugal' | 'balanced' | 'sooner') => {
    const nodes = Array.from({ length: 8 }, (_, i) => `n${i}`)
    const story = play({ children: 2, prefer }, [
      [0, ...nodes.map((id) => joins(id))],
      [1000, asksAtRandom('q', 8, 20_000, 1000)],
    ], 20_000)
    return slotsInUse(story, nodes)
  }
  const [frugal, balanced] = [used('frugal'), used('balanced')]
  assert.ok(frugal <= balanced && balanced < 8, `${frugal}, ${balanced}`)
  const story = play({ prefer: 'sooner' }, [[0, ...[0, 1, 2].map((i) => joins(`n${i}`))]], 5000)
  assert.equal(story.scheduler.plan().awake, 3)
})

Deno.test('A query that prefers `sooner` gets all that is lent for a while', () => {
  const nodes = Array.from({ length: 8 }, (_, i) => `n${i}`)
  const story = play({ children: 2 }, [
    [0, ...nodes.map((id) => joins(id))],
    [1000, asks('usual', 5000)],
    [9000, asks('sooner', 5000, { prefer: 'sooner' })],
  ], 8000)
  assert.ok(story.scheduler.plan().awake < 8)
  assert.equal(story.go(9500).scheduler.plan().awake, 8)
  story.go(60_000, [[20_000, asksAtRandom('later', 2, 30_000, 5000)]])
  assert.ok(story.scheduler.plan().awake < 8)
})

Deno.test('A surge gets more threads at once, and they are released after it', () => {
  const story = play({ children: 2, prefer: 'frugal' }, [
    [0, joins('a', { speedups: SPEEDUPS }), joins('b', { speedups: SPEEDUPS })],
    [1000, asksAtRandom('few', 2, 10_000, 2000)],
    [11_000, asksAtRandom('many', 18, 10_000, 2000)],
    [21_000, asksAtRandom('after', 2, 40_000, 2000)],
  ], 10_900)
  assert.equal(Math.max(...['a', 'b'].map((node) => inUse(story, node)?.threads ?? 1)), 1)
  story.go(12_500)
  assert.ok(['a', 'b'].every((node) => inUse(story, node)!.threads > 1))
  story.go(64_000)
  assert.ok(['a', 'b'].every((node) => inUse(story, node)!.threads === 1))
  const { served, asked } = story.tally()
  assert.ok(served >= 0.98 * asked, `${served} of ${asked}`)
  assert.ok(story.accuracy('many') > 0.7)
})

Deno.test('Cold nodes load nothing until they are recruited, for a lasting surge but not for a short one', () => {
  const cold = ['c', 'd', 'e']
  const recruited = (surgeMs: number) => {
    const story = play({ children: 2 }, [
      [0, joins('a', { speedups: SPEEDUPS, loadMs: 400 })],
      [0, ...cold.map((id) => joins(id, { cold: true, speedups: SPEEDUPS, loadMs: 400 }))],
      [4000, asksAtRandom('few', 2, 60_000, 2000)],
      [10_000, asksAtRandom('many', 9, surgeMs, 2000, { seed: 2 })],
    ], 9000)
    assert.equal(loadsOf(story, cold), 0)
    story.go(10_000 + surgeMs)
    const loads = loadsOf(story, cold)
    const { served, asked } = story.go(70_000).tally()
    assert.ok(served >= 0.97 * asked, `${served} of ${asked}`)
    return loads
  }
  assert.equal(recruited(500), 0)
  assert.ok(recruited(30_000) > 0)
})

const loadsOf = (story: Scene, nodes: readonly string[]) =>
  story.commands('load').filter(({ node }) => nodes.includes(node)).length

Deno.test('A single query with `sooner` recruits no cold node, a pool with `sooner` does', () => {
  const recruited = (pool: 'balanced' | 'sooner') => {
    const story = play({ prefer: pool }, [
      [0, joins('a'), joins('b', { cold: true }), joins('c', { cold: true })],
      [1000, asks('q', 5000, { prefer: 'sooner' })],
    ], 8000)
    assert.equal(story.tally().served, 1)
    return loadsOf(story, ['b', 'c'])
  }
  assert.equal(recruited('balanced'), 0)
  assert.ok(recruited('sooner') > 0)
})

Deno.test('Cold nodes that never get ready do not keep others from being recruited', () => {
  const never = ['x', 'y', 'z']
  const story = play({ children: 2 }, [
    [0, joins('a', { loadMs: 100 })],
    [0, ...never.map((id) => joins(id, { cold: true, loadMs: 1e9 }))],
    [0, joins('honest', { cold: true, loadMs: 100 })],
    [2000, asksAtRandom('many', 7, 58_000, 2000)],
  ], 60_000)
  assert.ok(loadsOf(story, ['honest']) > 0)
})

Deno.test('A pool of only cold nodes recruits one, so that it can answer', () => {
  const story = play({}, [
    [0, joins('a', { cold: true }), joins('b', { cold: true })],
    [2000, asks('q', 5000)],
  ], 8000)
  assert.deepEqual([...new Set(story.commands('load').map(({ node }) => node))], ['a'])
  assert.equal(story.tally().served, 1)
})

Deno.test('A device with steeply rising power works a part of the time if that is enough', () => {
  const power = { idleW: 1, busyW: 21, exponent: 3 }
  const story = play({ children: 2, prefer: 'frugal' }, [
    [0, joins('a', { power }), joins('b', { power })],
    [1000, asksAtRandom('q', 1, 20_000, 4000)],
  ], 20_000)
  const duties = ['a', 'b'].map((node) => inUse(story, node)?.duty ?? 1)
  assert.ok(Math.min(...duties) < 1, `${duties}`)
  const { served, asked } = story.go(26_000).tally()
  assert.equal(served, asked)
})

Deno.test('Threads of an unproven node are no reserve: it could promise time it does not have', () => {
  const trust = { random: createRandom(1), agree: () => true }
  const story = play({ children: 2, trust }, [
    [0, joins('own', { own: true, speedups: SPEEDUPS })],
    [0, joins('stranger', { speedups: [1, 1000, 1e6] })],
    [1000, asksAtRandom('q', 12, 3000, 2000)],
  ], 3000)
  assert.ok(inUse(story, 'own')!.threads > 1)
  assert.ok((inUse(story, 'stranger')?.threads ?? 1) === 1)
  const { served, asked } = story.go(8000).tally()
  assert.ok(served >= 0.95 * asked, `${served} of ${asked}`)
})

Deno.test('A slot that a node gains is in use until it holds a variant, then only as needed', () => {
  const story = play({ children: 2, prefer: 'sooner' }, [
    [0, joins('a', { slots: 2, loadMs: 300 })],
    [0, tells({ type: 'node_reported', node: 'a', slots: 1 })],
    [4000, tells({ type: 'node_reported', node: 'a', slots: 2 })],
    [5000, asks('q', 5000)],
  ], 12_000)
  assert.equal(inUse(story, 'a')?.slots ?? 2, 2)
  assert.equal(story.scheduler.stats().nodes.a!.instances, 10)
})

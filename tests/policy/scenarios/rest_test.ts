/** Nodes rest while they are not needed, and are called when they are. */
import assert from 'node:assert/strict'
import { asks, asksAtRandom, asksMany, joins, play } from '../story.ts'

const eight = Array.from({ length: 8 }, (_, i) => joins(`n${i}`))

Deno.test('Most nodes rest at low demand, and no query is late because of that', () => {
  const story = play({ children: 2 }, [
    [0, ...eight],
    [1000, asksAtRandom('q', 2, 15_000, 5000)],
  ], 16_000)
  const { awake, standby } = story.scheduler.plan()
  assert.ok(standby >= 4, `${awake} awake, ${standby} at rest`)
  assert.ok(story.commands('scale').some(({ slots }) => slots === 0))
  const { served, asked } = story.go(22_000).tally()
  assert.equal(served, asked)
})

Deno.test('Resting nodes are called when demand rises, and rest again after it', () => {
  const story = play({ children: 2 }, [
    [0, ...eight],
    [1000, asksAtRandom('before', 1, 10_000, 2000)],
    [11_000, asksAtRandom('much', 60, 10_000, 2000)],
  ], 11_000)
  const before = story.scheduler.plan()
  story.go(19_000)
  const during = story.scheduler.plan()
  story.go(50_000, [[21_000, asksAtRandom('after', 1, 27_000, 2000)]])
  const after = story.scheduler.plan()
  assert.ok(during.awake > before.awake + 2, `${before.awake}, then ${during.awake}`)
  assert.ok(after.awake < during.awake - 2, `${during.awake}, then ${after.awake}`)
  const { served, asked } = story.tally()
  assert.ok(served >= 0.99 * asked, `${served} of ${asked}`)
})

Deno.test('An urgent query calls a resting node rather than be late', () => {
  const story = play({ children: 2 }, [
    [0, ...eight],
    [1000, asksMany('few', 20, 500, 5000)],
    [11_000, ...Array.from({ length: 6 }, (_, i) => asks(`urgent${i}`, 120))],
  ], 17_000)
  assert.equal(story.tally('urgent').served, 6)
})

/** Nodes with long network times. */
import assert from 'node:assert/strict'
import { asks, asksAtRandom, asksMany, joins, play } from '../story.ts'

/** Ten nodes, a burst of a thousand queries. */
function burst(networkMs: number) {
  const nodes = Array.from({ length: 10 }, (_, i) => joins(`n${i}`, { networkMs }))
  return play({ children: 4 }, [
    [0, ...nodes],
    [1000, asksMany('before', 10, 500, 2000)],
    [9000, asksMany('burst', 1000, 0, 2000)],
  ], 14_000).tally('burst')
}

Deno.test('Nodes that are far away are kept nearly as busy as near ones', () => {
  // Six batches of 5 ms each are under way at once: they fill a round trip of 30 ms.
  const [near, far] = [burst(2), burst(30)]
  assert.ok(far.served > 0.85 * near.served, `${far.served} of ${near.served}`)
  assert.ok(far.lost <= 0.03 * far.served, `${far.lost} lost of ${far.served}`)
})

Deno.test('A query without time for the way to a far node goes to the near one', () => {
  const story = play({ children: 0 }, [
    [0, joins('far', { networkMs: 400, slowness: 0.2 }), joins('near')],
    [1000, asksMany('learned', 10, 600, 5000)],
    [9000, asks('q', 250)],
  ], 15_000)
  const { stages } = story.served('q')
  assert.deepEqual(stages.map(({ node }) => node), ['near'])
})

Deno.test('A far node serves queries that have time for it', () => {
  const story = play({ children: 2 }, [
    [0, joins('far', { networkMs: 500 })],
    [1000, asksAtRandom('q', 1, 15_000, 5000)],
  ], 22_000)
  const { served, asked } = story.tally()
  assert.equal(served, asked)
})

/** What the frontier's program leaves out of it is in no mix. */
import assert from 'node:assert/strict'
import { solve } from 'yalps'
import { mostWithin, needed, type Rival } from '../../../src/policy/frontier/rivals.ts'
import { createRandom } from '../../../src/sim/random.ts'

/** Most that columns give with so much time, each in shares of one. */
function mostOf(rivals: readonly Rival<number>[], time: number): number {
  const { status, result } = solve({
    direction: 'maximize',
    objective: 'score',
    constraints: { all: { max: 1 }, load: { max: time } },
    variables: rivals.map(({ column, load, score }) => [column, { all: 1, load, score }]),
  })
  assert.equal(status, 'optimal')
  return result
}

Deno.test('with the columns that are needed alone as much is got, whatever time there is', () => {
  const random = createRandom(5)
  let left = 0
  for (let round = 0; round < 200; round++) {
    const rivals = Array.from({ length: 1 + Math.floor(random() * 20) }, (_, column) => ({
      column,
      load: random(),
      // To be served at all is worth more than how.
      score: 1000 + Math.round(10 * random()) / 10,
    }))
    const few = needed(rivals)
    left += rivals.length - few.length
    const least = Math.min(...rivals.map(({ load }) => load))
    for (const time of [least, 0.3, 0.6, 1]) {
      const most = mostOf(rivals, time)
      assert.ok(Math.abs(mostOf(few, time) - most) < 1e-6, `round ${round}`)
      if (time < few[0]!.load) continue
      let [score, load] = [0, 0]
      for (const [column, share] of mostWithin(few, time)!) {
        const rival = rivals[column]!
        score += share * rival.score
        load += share * rival.load
      }
      assert.ok(load < time + 1e-9 && Math.abs(score - most) < 1e-6, `round ${round}: ${score}`)
    }
  }
  assert.ok(left > 1000)
})

import assert from 'node:assert/strict'
import { place } from '../../../src/policy/place/place.ts'
import type { Placement } from '../../../src/policy/place/problem.ts'
import type { Problem } from '../../../src/policy/place/problem.ts'

const LATENCY_MS: { [variant: string]: number } = { quick: 4, exact: 20 }

/** One task; an exact slot does 50 items a second, a quick one 250. */
function problemOf(ratePerS: number, peakPerS: number | undefined, memoryBytes = 1): Problem {
  const ref = (variant: string) => ({ pipeline: 'p', task: 't', variant })
  return {
    pipelines: [{
      name: 'p',
      weight: 1,
      sloMs: 200,
      ratePerS,
      ...peakPerS === undefined ? {} : { peakPerS },
      root: 't',
      tasks: {
        t: { next: [], variants: { quick: { accuracy: 0.6 }, exact: { accuracy: 1 } } },
      },
    }],
    classes: [{
      ...{ name: 'c', slots: 10, dutySum: 10, memoryBytes, networkMs: 0 },
      able: Object.keys(LATENCY_MS).map((variant) => ({
        ...ref(variant),
        points: [{ batch: 1, latencyMs: LATENCY_MS[variant]! }],
        memoryBytes: 1,
      })),
    }],
  }
}

/** Items a second that all warm slots can do, whatever that does to accuracy. */
function mostPerS({ classes }: Placement): number {
  return classes.flatMap(({ sets, standbySets }) => [...sets, ...standbySets])
    .reduce(
      (sum, { variants, slots }) =>
        sum + slots * Math.max(...variants.map(({ variant }) => 1000 / LATENCY_MS[variant]!)),
      0,
    )
}

Deno.test('place() keeps quick slots for a peak, and serves the demand itself by the best', () => {
  const without = place(problemOf(463, undefined))
  assert.ok(mostPerS(without) < 600, `${mostPerS(without)}`)
  const withPeak = place(problemOf(463, 600))
  assert.ok(mostPerS(withPeak) >= 600, `${mostPerS(withPeak)}`)
  assert.equal(withPeak.mode, 'accuracy')
  assert.equal(withPeak.served[0]!.share, 1)
  // Nine exact slots carry 450 of the 463 that there are; the quick one the rest.
  assert.ok(withPeak.served[0]!.accuracy > 0.98, `${withPeak.served[0]!.accuracy}`)
  assert.ok(withPeak.gap >= 0 && withPeak.gap < 0.02, `${withPeak.gap}`)
})

Deno.test('place() gives up accuracy for a peak only as far as the peak needs it', () => {
  const accuracies = [500, 800, 1200, 1800].map((peak) => {
    const placement = place(problemOf(400, peak))
    assert.ok(mostPerS(placement) >= peak, `${mostPerS(placement)} of ${peak}`)
    assert.equal(placement.served[0]!.share, 1)
    return placement.served[0]!.accuracy
  })
  for (let i = 1; i < accuracies.length; i++) assert.ok(accuracies[i]! <= accuracies[i - 1]! + 1e-9)
  assert.ok(accuracies.at(-1)! < 1)
})

Deno.test('place() comes near a peak that nothing carries, and still serves the demand', () => {
  const placement = place(problemOf(400, 4000))
  assert.equal(placement.served[0]!.share, 1)
  assert.ok(mostPerS(placement) > 2000, `${mostPerS(placement)}`)
})

Deno.test('place() asks nothing more of slots that hold all for a peak within what they can do', () => {
  const plain = place(problemOf(400, undefined, 2))
  const withPeak = place(problemOf(400, 1500, 2))
  assert.equal(withPeak.served[0]!.accuracy, plain.served[0]!.accuracy)
})

Deno.test('place() has the slots that the demand does not need hold what carries a jump', () => {
  const placement = place(problemOf(100, 110))
  assert.ok(placement.slots <= 3, `${placement.slots} are needed`)
  assert.ok(mostPerS(placement) >= 400, `${mostPerS(placement)}`)
  // Ten exact slots do 500: a jump to 400 costs no accuracy, one to 1,600 has to.
  const sets = (one: Placement) => one.classes.flatMap(({ standbySets }) => standbySets)
  assert.ok(sets(placement).every(({ variants }) => variants[0]!.variant === 'exact'))
  const larger = place(problemOf(300, 330))
  assert.equal(larger.served[0]!.accuracy, 1)
  assert.ok(mostPerS(larger) >= 1000, `${mostPerS(larger)}`)
})

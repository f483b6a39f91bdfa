/** Themis's solvers against exact minima that were reckoned apart. */
import assert from 'node:assert/strict'
import type { Stage, Target } from '../../../src/peers/scaler.ts'
import { horizontal } from '../../../src/peers/themis/horizontal.ts'
import { HEAD } from '../../../src/peers/themis/rules.ts'
import { mostCarried, vertical, verticalAndMore } from '../../../src/peers/themis/vertical.ts'
import { themisData } from './data.ts'

const costOf = (stages: readonly Stage[], targets: readonly Target[]) =>
  targets.reduce(
    (sum, { instances, cores }, i) => sum + instances * HEAD.costOf(stages[i]!, cores),
    0,
  )

for (const name of ['video', 'sentiment', 'nlp']) {
  const ignore = themisData === undefined
  const of = () => {
    const { reference, stagesOf } = themisData!
    return { ...reference.pipelines[name]!, stages: stagesOf(name) }
  }

  Deno.test(`${name}: fewest instances of one core, and of any`, { ignore }, () => {
    const { stages, sloMs, horizontal: rows } = of()
    for (const { lam, horizontal: pairs, cost, anyCost } of rows) {
      const one = horizontal(HEAD, stages, sloMs, lam)!
      assert.equal(costOf(stages, one), cost, `${lam}/s`)
      assert.deepEqual(one.map(({ instances }) => instances), pairs.map(([first]) => first))
      const any = horizontal(HEAD, stages, sloMs, lam, ({ cores }) => cores)!
      assert.equal(costOf(stages, any), anyCost, `${lam}/s`)
    }
  })

  Deno.test(`${name}: fewest cores of given instances`, { ignore }, () => {
    const { stages, sloMs, vertical: rows, verticalFrom, verticalMostRps } = of()
    for (const { lam, instances, vertical: expected } of rows) {
      const found = vertical(HEAD, stages, sloMs, lam, instances)
      // Several choices may have the same sum.
      const sum = (cores: number[] | undefined) => cores?.reduce((all, one) => all + one, 0) ?? null
      const theirs = sum(expected?.map(([cores]) => cores))
      assert.equal(sum(found?.map(({ cores }) => cores)), theirs, `${lam}/s`)
    }
    assert.equal(mostCarried(HEAD, stages, sloMs, 1000, verticalFrom), verticalMostRps)
  })
}

/** 10 ms an item on one core, of which 2 ms no core takes away. */
const STAGE: Stage = {
  ...{ name: 'look', memoryGb: 1, cores: [1, 2, 3, 4], mostBatch: 1 },
  latencyMs: (batch, cores) => 8 * batch / cores + 2 * batch,
  raisedMs: (batch, cores) => 8 * batch / cores + 2 * batch + 1,
}

Deno.test('beyond the most cores instances are added for the load that is left', () => {
  assert.equal(vertical(HEAD, [STAGE], 100, 400, [1]), undefined)
  const [target] = verticalAndMore(HEAD, [STAGE], 100, 400, [1])!
  // One of four cores takes 5 ms with its tenth: 200/s, which is enough for 186/s and its root.
  assert.equal(mostCarried(HEAD, [STAGE], 100, 400, [1]), 186)
  assert.deepEqual(target, { instances: 3, cores: 4, batch: 1 })
})

Deno.test('what no choice is quick enough for has no answer', () => {
  assert.equal(horizontal(HEAD, [STAGE], 5, 1), undefined)
  assert.equal(verticalAndMore(HEAD, [STAGE], 2, 10, [1]), undefined)
})

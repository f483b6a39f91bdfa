/** The scheduler in virtual time, on pools that nobody chose. */
import assert from 'node:assert/strict'
import { runPolicy } from '../../src/sim/run_policy.ts'
import { checkScenario } from '../../src/sim/scenario.ts'
import { lotPool } from '../../src/sim/suites/lot_pools.ts'
import { few } from '../exhaustive.ts'

/** Those that take least first. */
const LOTS = [4, 3, 5, 1, 2, 6, 7, 8, 9, 10, 11, 12].slice(0, few(1, 12))
/** Nothing that a pool did is to be undone in the simulator, but a batch that a swap overtakes. */
const OVERTAKEN = 'batch refused: variant not held'

/** Of two pipelines those that take seconds. */
const SHARED = [4, 3, 6, 7, 9, 11].slice(0, few(1, 6))

function check(lot: number, held: 'all' | 1, pipelines: 1 | 2): void {
  const checked = checkScenario(lotPool(lot, held, pipelines).scenario, `lot ${lot}`)
  const { result, faults } = runPolicy(checked, { policy: 'shoal' })
  const wrong = [...faults].filter(([what]) => what !== OVERTAKEN)
  assert.deepEqual(wrong, [], `lot ${lot}, ${held}, ${pipelines}`)
  assert.ok(result.roots > 0 && result.violationRatio <= 1)
}

Deno.test('each query of a random pool has one answer, and nothing is sent to a slot that cannot do it', () => {
  for (const held of ['all', 1] as const) {
    for (const lot of LOTS) check(lot, held, 1)
  }
  for (const lot of SHARED) check(lot, 'all', 2)
})

Deno.test('shoal loses no more than loki where slots hold all', () => {
  for (const lot of LOTS) {
    const checked = checkScenario(lotPool(lot, 'all').scenario, `lot ${lot}`)
    const [ours, theirs] = ['shoal', 'loki'].map((policy) => runPolicy(checked, { policy }).result)
    assert.ok(
      ours!.violationRatio <= theirs!.violationRatio + 1e-3,
      `lot ${lot}: ${ours!.violationRatio} and ${theirs!.violationRatio}`,
    )
  }
})

Deno.test('the same scenario gives the same run, and another number of the policy another', () => {
  const checked = checkScenario(lotPool(3, 'all').scenario, 'lot 3')
  const run = (set?: { [name: string]: number }) => {
    const { result } = runPolicy(checked, { policy: 'shoal', ...set === undefined ? {} : { set } })
    return [result.violationRatio, result.effectiveAccuracy]
  }
  const usual = run()
  assert.notDeepEqual(run({ 'backlog.longer': 0, 'backlog.shorter': 0 }), usual)
  assert.deepEqual(run(), usual)
  assert.throws(() => run({ 'dispatch.nothing': 1 }), /Cannot set dispatch.nothing: there are/)
})

/** Plans of the paper's two steps on unlike devices. */
import assert from 'node:assert/strict'
import { createClasses } from '../../src/peers/classes.ts'
import { createModel } from '../../src/peers/model.ts'
import { accuracyScaling, hardwareScaling } from '../../src/peers/plans.ts'
import { checkScenario } from '../../src/sim/scenario.ts'
import { unseen } from '../../src/sim/suites/unseen.ts'

/** Three levels of tasks on 12 quick and 12 slow nodes. */
function planned(ratePerS: number) {
  const [, oneEach] = unseen.cases({} as Parameters<typeof unseen.cases>[0])
  const { workloads: [workload], pool, classes } = checkScenario(oneEach!.scenario, 'unseen.json')
  const model = createModel([workload!.pipeline])
  const devices = createClasses(model)
  const problem = {
    ...{ epoch: 1, model, roundTripMs: 8, taskRatePerS: new Map() },
    classes: pool.map(({ class: name, count }) => {
      const { latencyMs } = classes[name]!
      const points = new Map(model.variants.map((variant) => [
        variant,
        Object.entries(latencyMs[variant.ref.variant]!).map(([batch, ms]) => (
          { batch: Number(batch), latencyMs: ms }
        )),
      ]))
      return { class: devices.classOf(model.variants, points), count }
    }),
    ratePerS: new Map(model.pipelines.map((one) => [one, ratePerS])),
    factor: ({ fanOut }: { fanOut: number[] }, child: number) => fanOut[child]!,
  }
  const options = { cap: 0.85, halving: 2 }
  return hardwareScaling(problem, options) ?? accuracyScaling(problem, options)
}

Deno.test('what unlike devices carry of more demand they carry of less, at no less accuracy', () => {
  const { mode, objective } = planned(120)!
  assert.equal(mode, 'accuracy')
  for (const ratePerS of [90, 105, 110, 115]) {
    const less = planned(ratePerS)
    assert.equal(less?.mode, 'accuracy', `${ratePerS} a second`)
    assert.ok(
      less.objective / ratePerS >= objective / 120 - 1e-3,
      `${less.objective} of ${ratePerS}`,
    )
  }
})

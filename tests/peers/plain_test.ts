/** A worker that is given plain data comes to the same plan as the rules themselves. */
import assert from 'node:assert/strict'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { createPlanner } from '../../src/coordinator/scheduler/planner.ts'
import { createClasses } from '../../src/peers/classes.ts'
import { createModel } from '../../src/peers/model.ts'
import { allocatePlain } from '../../src/peers/allocate.ts'
import { allocationOf, plainProblem } from '../../src/peers/plain.ts'
import { STRATEGIES } from '../../src/peers/strategies.ts'
import type { Problem } from '../../src/peers/strategy.ts'
import { createPolicy } from '../../src/peers/policies.ts'
import type { PolicyEvent } from '../../src/policy/core/types.ts'
import { pipeline } from './fixtures.ts'

const other = checkPipeline({ ...pipeline, name: 'other', sloMs: 900 }, 'other')

/** Devices that are unlike, one of which cannot run the best of a task. */
function problemOf(pipelines: typeof pipeline[], ratePerS: number): Problem {
  const model = createModel(pipelines)
  const classes = createClasses(model)
  const device = (slowness: number, able: typeof model.variants) => {
    const tables = able.map(({ index, accuracy }) => {
      const ms = slowness * accuracy * (20 + index)
      return [1, 2, 16].map((batch) => ({ batch, latencyMs: ms * batch ** 0.9 }))
    })
    return classes.classOf(able, new Map(able.map((one, i) => [one, tables[i]!])))
  }
  const factors = model.variants.map(({ fanOut, index }) => fanOut.map((mean) => mean + index / 7))
  return {
    ...{ epoch: 1, model, roundTripMs: 7 },
    classes: [
      { class: device(1, model.variants), count: 5 },
      { class: device(2.5, model.variants.slice(1)), count: 4 },
    ],
    ratePerS: new Map(model.pipelines.map((one, i) => [one, ratePerS * (i + 1)])),
    taskRatePerS: new Map(model.tasks.map((one, i) => [one, ratePerS * (i + 1) / 1.5])),
    factor: ({ index }, child) => factors[index]![child]!,
  }
}

for (const name of Object.keys(STRATEGIES)) {
  Deno.test(`${name} plans the same from plain data`, () => {
    for (const pipelines of [[pipeline], [pipeline, other]]) {
      let planned = 0
      for (const ratePerS of [1, 30, 200]) {
        const problem = problemOf(pipelines, ratePerS)
        const plain = structuredClone(plainProblem(problem, { name }, pipelines))
        const answer = structuredClone(allocatePlain(plain))
        const wanted = STRATEGIES[name]!({}).allocate(problem)
        assert.deepEqual(answer && allocationOf(answer, problem), wanted)
        if (wanted !== undefined) planned++
      }
      assert.ok(planned > 0)
    }
  })
}

Deno.test('a worker plans for loki what loki plans, and says how long that took', async () => {
  const policies = [1, 2].map(() =>
    createPolicy('loki', { pipelines: [pipeline], initialRatePerS: { pair: 20 } })
  )
  const able = Object.entries(pipeline.tasks).flatMap(([task, { variants }]) =>
    Object.keys(variants).map((variant) => ({ pipeline: pipeline.name, task, variant }))
  )
  const events: PolicyEvent[] = ['a', 'b', 'c'].map((node) => (
    { type: 'node_joined', node, slots: 1, duty: 1, able }
  ))
  const [first, second] = policies.map(({ scheduler }) => {
    const commands = [...events, { type: 'wake' } as const].flatMap((event, i) =>
      scheduler.handle(event, i)
    )
    return commands.find((command) => command.type === 'solve')!
  })
  const planner = createPlanner(() =>
    new Worker(new URL('../../workers/planner.ts', import.meta.url), { type: 'module' })
  )
  try {
    const solve = planner.solveFor(policies[0]!.elsewhere!)
    const { solveMs, ...plan } = await solve(first!, new AbortController().signal)
    assert.ok(solveMs > 0)
    assert.deepEqual({ ...plan, solveMs: 0 }, policies[1]!.solve!(second!))
    assert.ok(plan.instances.length > 0)
    policies[0]!.scheduler.handle({ type: 'plan_ready', plan: { ...plan, solveMs } }, 10)
    assert.deepEqual(policies[0]!.scheduler.plan().instances, plan.instances)
  } finally {
    planner.stop()
  }
})

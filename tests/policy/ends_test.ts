/** Queries that end at the first task, since it finds nothing: its accuracy is theirs. */
import assert from 'node:assert/strict'
import type { Pipeline } from '../../src/pipeline/schema.ts'
import { solveFrontier } from '../../src/policy/frontier/solve.ts'
import { createPolicy } from '../../src/peers/policies.ts'
import { shapesOf } from '../../src/policy/core/graph.ts'
import type { Plan } from '../../src/policy/core/types.ts'
import { initialRates, simulate } from '../../src/sim/run.ts'
import { checkScenario } from '../../src/sim/scenario.ts'
import { ocr } from './fixtures.ts'
import { problemOf } from './frontier/problem_of.ts'

Deno.test('the mix counts the first variant where nothing follows, and goes by it', () => {
  const shapes = shapesOf([ocr])
  const solved = (none: number) => {
    const problem = problemOf(shapes, [{ slots: 4, slowness: 1 }], [28])
    const { accuracy, flow } = solveFrontier(shapes, {
      ...problem,
      none: [[none], [none], [], [], []],
    })!.pipelines[0]!
    const [small, large] = [...shapes.pipelines.values()][0]!.starts
    let expected = 0
    for (const start of [small!, large!]) {
      expected += none * flow[start.id]! * start.accuracy
      for (const next of start.next[0]!) expected += (1 - none) * flow[next.id]! * next.accuracy
    }
    assert.ok(Math.abs(accuracy - expected) < 1e-9, `${accuracy}, by hand ${expected}`)
    return flow[large!.id]!
  }
  const [seldom, often] = [solved(0), solved(0.9)]
  assert.ok(
    often > seldom + 0.1,
    `${often} of the queries find well, ${seldom} where all find some`,
  )
})

/** Both ways that there is time for, look and skim or glance and study, are as good for what is read. */
function run(nodes: number, instancesPerNode: 'all' | number, perS: number, best = 1) {
  const fanOut = { read: 0.3 }
  const scenario = checkScenario({
    schema: 'shoal-scenario/1',
    pipeline: {
      schema: 'shoal-pipeline/1',
      name: 'shelf',
      sloMs: 600,
      root: 'find',
      tasks: {
        find: {
          next: ['read'],
          variants: { glance: { accuracy: 0.7, fanOut }, look: { accuracy: best, fanOut } },
        },
        read: { next: [], variants: { skim: { accuracy: 0.7 }, study: { accuracy: best } } },
      },
    } as unknown as Pipeline,
    classes: {
      node: {
        latencyMs: { glance: { 1: 10 }, look: { 1: 30 }, skim: { 1: 30 }, study: { 1: 90 } },
        ...{ instancesPerNode, swapMs: 100, roundTripMs: 2 },
      },
    },
    pool: [{ class: 'node', count: nodes }],
    trace: { binSeconds: 30, rates: [perS] },
    seed: 1,
  }, 'test')
  const policy = createPolicy('shoal', {
    pipelines: scenario.workloads.map(({ pipeline }) => pipeline),
    initialRatePerS: initialRates(scenario),
    random: () => 0.5,
  })
  const { scheduler } = policy
  const { handle } = scheduler
  const plans: Plan[] = []
  scheduler.handle = (event, nowMs, more) => {
    const commands = handle(event, nowMs, more)
    if (nowMs > 1000 * (plans.length + 5)) plans.push(scheduler.plan())
    return commands
  }
  const { violationRatio, effectiveAccuracy } = simulate(scenario, policy).result
  assert.ok(violationRatio < 0.002, `${violationRatio}`)
  return { accuracy: effectiveAccuracy, plans }
}

Deno.test('where most pictures are empty the good detector comes before the good reader', () => {
  // While what is read alone was counted 0.79; look and skim for all are 0.92.
  const { accuracy: all } = run(4, 'all', 105)
  assert.ok(all > 0.86, `${all}`)
  // 0.84, likewise.
  const { accuracy: one } = run(12, 1, 240)
  assert.ok(one > 0.9, `${one} with one variant a node`)
})

Deno.test('the plan that is shown measures its mix against the best that could be counted', () => {
  // Look and study for all are 0.81 where there is anything to read, and 0.9 for three pictures of four.
  for (const { mode, gap } of run(4, 'all', 10, 0.9).plans) {
    assert.equal(mode, 'hardware')
    assert.ok(gap < 0.005, `${gap}`)
  }
  let lowered = 0
  for (const { mix, mode, gap } of run(4, 'all', 90, 0.9).plans) {
    const skimmed = mix.reduce((sum, { path, share }) => sum + (path[1] === 'skim' ? share : 0), 0)
    if (skimmed < 0.1) continue
    // More than 0.81 all the same, by what is counted where nothing is read.
    assert.equal(mode, 'accuracy')
    assert.ok(gap > 0.005, `${gap} with ${skimmed} read by the quick one`)
    lowered++
  }
  assert.ok(lowered > 2, `${lowered}`)
})

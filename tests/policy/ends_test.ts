/** Queries that end at the first task, since it finds nothing: its accuracy is theirs. */
import assert from 'node:assert/strict'
import type { Pipeline } from '../../src/pipeline/schema.ts'
import { solveFrontier } from '../../src/policy/frontier/solve.ts'
import { createPolicy } from '../../src/policy/policies.ts'
import { shapesOf } from '../../src/policy/shape.ts'
import { initialRates, simulate } from '../../src/sim/run.ts'
import { checkScenario } from '../../src/sim/scenario.ts'
import { ocr } from './fixtures.ts'
import { problemOf } from './frontier_problem_of.ts'

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
function run(nodes: number, instancesPerNode: 'all' | number, perS: number) {
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
          variants: { glance: { accuracy: 0.7, fanOut }, look: { accuracy: 1, fanOut } },
        },
        read: { next: [], variants: { skim: { accuracy: 0.7 }, study: { accuracy: 1 } } },
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
  const { violationRatio, effectiveAccuracy } = simulate(scenario, policy).result
  assert.ok(violationRatio < 0.002, `${violationRatio}`)
  return effectiveAccuracy
}

Deno.test('where most pictures are empty the good detector comes before the good reader', () => {
  // While what is read alone was counted 0.79; look and skim for all are 0.92.
  const all = run(4, 'all', 105)
  assert.ok(all > 0.86, `${all}`)
  // 0.84, likewise.
  const one = run(12, 1, 240)
  assert.ok(one > 0.9, `${one} with one variant a node`)
})

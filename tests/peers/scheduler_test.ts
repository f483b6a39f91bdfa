/** The peers as whole schedulers, in the simulator. */
import assert from 'node:assert/strict'
import { createPolicy, POLICY_NAMES } from '../../src/peers/policies.ts'
import type { PolicyCommand, PolicyEvent } from '../../src/policy/core/types.ts'
import { createRandom } from '../../src/sim/random.ts'
import { initialRates, simulate } from '../../src/sim/run.ts'
import { checkScenario } from '../../src/sim/scenario.ts'
import { pipeline } from './fixtures.ts'

const PEERS = POLICY_NAMES.filter((name) => name !== 'shoal')

function scenarioJson(rates: number[]) {
  return {
    schema: 'shoal-scenario/1',
    pipeline,
    classes: {
      gpu: {
        latencyMs: {
          'find/quick': { 1: 10, 8: 60 },
          'find/exact': { 1: 40, 8: 240 },
          'name/quick': { 1: 5, 8: 20 },
          'name/exact': { 1: 15, 8: 80 },
        },
        instancesPerNode: 1,
        swapMs: 500,
        roundTripMs: 2,
      },
    },
    pool: [{ class: 'gpu', count: 8 }],
    trace: { binSeconds: 1, rates },
    seed: 3,
  }
}

const scenarioOf = (rates: number[], given: { [field: string]: unknown } = {}) =>
  checkScenario({ ...scenarioJson(rates), ...given }, 'test')

function run(name: string, scenario: ReturnType<typeof scenarioOf>, drop?: string) {
  const policy = createPolicy(name, {
    pipelines: scenario.workloads.map((one) => one.pipeline),
    initialRatePerS: initialRates(scenario),
    limits: { maxQueries: 4096, maxItemsPerTask: 100_000 },
    random: createRandom(5),
    ...drop === undefined ? {} : { drop },
  })
  const log: { atMs: number; event: PolicyEvent; commands: PolicyCommand[] }[] = []
  const { handle } = policy.scheduler
  policy.scheduler.handle = (event, atMs) => {
    const commands = handle(event, atMs)
    log.push({ atMs, event, commands })
    return commands
  }
  const { result, faults } = simulate(scenario, policy)
  return { result, faults, log, policy }
}

const steady = (rate: number, seconds = 20) => Array.from({ length: seconds }, () => rate)

for (const name of PEERS) {
  Deno.test(`${name} serves a light load at the best accuracy, every query answered once`, () => {
    const { result, faults, log } = run(name, scenarioOf(steady(10)))
    assert.deepEqual([...faults], [])
    const answered = log.flatMap(({ commands }) => commands.filter(({ type }) => type === 'answer'))
    assert.equal(answered.length, result.roots)
    assert.ok(result.violationRatio < 0.1, `${result.violationRatio}`)
    assert.ok(result.effectiveAccuracy > 0.95, `${result.effectiveAccuracy}`)
  })

  Deno.test(`${name} gives the same run for the same seed`, () => {
    const scenario = scenarioOf([20, 60, 90, 30, 60], { noise: { latencyCv: 0.2 } })
    const once = () => {
      const { planSolveMsP95: _, ...rest } = run(name, scenario).result
      return JSON.stringify(rest)
    }
    assert.equal(once(), once())
  })

  Deno.test(`${name} goes on when nodes leave and come back`, () => {
    const churn = { meanUptimeS: 8, meanDowntimeS: 2 }
    const { result, faults } = run(name, scenarioOf(steady(15, 30), { churn }))
    assert.deepEqual([...faults], [])
    assert.ok(result.onTime > result.roots / 2, `${result.onTime} of ${result.roots}`)
  })
}

/** Three levels, two branches. */
const tree = {
  schema: 'shoal-pipeline/1',
  name: 'tree',
  sloMs: 900,
  root: 'scene',
  tasks: {
    scene: { next: ['car', 'face'], variants: { exact: { accuracy: 1, fanOut: { car: 2 } } } },
    car: { next: ['plate'], variants: { quick: { accuracy: 0.8 }, exact: { accuracy: 1 } } },
    plate: { variants: { quick: { accuracy: 0.9 }, exact: { accuracy: 1 } } },
    face: { variants: { exact: { accuracy: 1 } } },
  },
}

for (const name of PEERS) {
  Deno.test(`${name} serves two pipelines side by side, one of them a tree`, () => {
    const { trace: _, ...rest } = scenarioJson([])
    const trace = { binSeconds: 1, rates: steady(6, 15) }
    const latencyMs = { quick: { 1: 5, 8: 30 }, exact: { 1: 20, 8: 120 } }
    const scenario = checkScenario({
      ...rest,
      pipeline: undefined,
      workloads: [{ pipeline, trace }, { pipeline: tree, trace }],
      classes: { gpu: { ...rest.classes.gpu, latencyMs } },
      pool: [{ class: 'gpu', count: 14 }],
    }, 'test')
    const { result, faults } = run(name, scenario)
    assert.deepEqual([...faults], [])
    for (const row of result.workloads) {
      assert.ok(row.violationRatio < 0.15, `${row.pipeline} ${row.violationRatio}`)
      assert.ok(row.effectiveAccuracy > 0.9, `${row.pipeline} ${row.effectiveAccuracy}`)
    }
  })
}

Deno.test('a worker that was given another task hands on what it was at to workers of the next one', () => {
  // Demand moves from one pipeline to the other and back: workers change, with batches under way.
  const { trace: _, classes: { gpu }, ...rest } = scenarioJson([])
  const rates = (first: number, second: number) =>
    [first, second, first, second].flatMap((rate) => steady(rate, 6))
  const scenario = checkScenario({
    ...rest,
    pipeline: undefined,
    workloads: [
      { pipeline, trace: { binSeconds: 1, rates: rates(70, 4) } },
      { pipeline: { ...pipeline, name: 'other' }, trace: { binSeconds: 1, rates: rates(4, 70) } },
    ],
    classes: { gpu: { ...gpu, instancesPerNode: 'all' } },
  }, 'test')
  for (const name of ['loki', 'inferline', 'proteus']) {
    const { log } = run(name, scenario)
    for (const { commands } of log) {
      for (const command of commands) {
        if (command.type !== 'dispatch') continue
        for (const { query } of command.items) {
          assert.ok(query.startsWith(`${command.pipeline}-`), `${name}: ${query}`)
        }
      }
    }
  }
})

Deno.test('batches are sent ahead as far as their messages travel', () => {
  /** Most that were under way on a slot at once. */
  const mostUnderWay = (roundTripMs: number) => {
    const { gpu } = scenarioJson([]).classes
    const scenario = scenarioOf(steady(60, 5), { classes: { gpu: { ...gpu, roundTripMs } } })
    const underWay = new Map<number, string>()
    let most = 0
    for (const { event, commands } of run('loki', scenario).log) {
      if (event.type === 'batch_finished') underWay.delete(event.batch)
      for (const command of commands) {
        if (command.type !== 'dispatch') continue
        const slot = `${command.node} ${command.slot}`
        underWay.set(command.batch, slot)
        most = Math.max(most, [...underWay.values()].filter((one) => one === slot).length)
      }
    }
    return most
  }
  assert.equal(mostUnderWay(2), 2)
  const far = mostUnderWay(60)
  assert.ok(far > 2 && far <= 6, `${far}`)
})

Deno.test('under load Loki trades accuracy for service; InferLine and static do not', () => {
  const scenario = scenarioOf(steady(180, 30))
  const [loki, inferline, fixed] = ['loki', 'inferline', 'static'].map((name) =>
    run(name, scenario).result
  )
  assert.ok(loki!.effectiveAccuracy < 0.97)
  assert.ok(loki!.violationRatio < 0.1, `${loki!.violationRatio}`)
  for (const other of [inferline!, fixed!]) {
    assert.equal(other.effectiveAccuracy, 1)
    assert.ok(other.violationRatio > 3 * loki!.violationRatio, `${other.violationRatio}`)
  }
})

Deno.test('hardware scaling lets nodes rest; proteus keeps all busy', () => {
  const scenario = scenarioOf(steady(12, 20))
  const active = (name: string) => run(name, scenario).result.meanActiveNodes
  assert.ok(active('loki') <= 5)
  assert.ok(active('inferline') <= 5)
  assert.ok(active('proteus') > 7)
})

Deno.test('a swap waits for what was sent, unloads, loads, and serves only then', () => {
  const { log, result } = run('loki', scenarioOf([...steady(15, 8), ...steady(180, 12)]))
  const loads = log.flatMap(({ atMs, commands }) =>
    commands.filter((one) => one.type === 'load').map((one) => ({ ...one, atMs }))
  ).filter(({ atMs }) => atMs > 0)
  assert.ok(loads.length > 0, 'the plan changed')
  for (const { node, atMs, variant } of loads) {
    const swapping = log.filter((one) => one.atMs >= atMs && one.atMs < atMs + 500)
    const sentTo = swapping.flatMap(({ commands }) =>
      commands.filter((one) => one.type === 'dispatch' && one.node === node)
    )
    assert.deepEqual(sentTo, [], `nothing is sent to ${node} while it loads ${variant}`)
  }
  // The weighted mean gets there, the swaps are done: the last seconds are well served.
  assert.ok(result.timeline.slice(-4).every(({ violationRatio }) => violationRatio < 0.2))
})

Deno.test('the four drop policies differ as their rules say', () => {
  const scenario = scenarioOf([...steady(30, 5), ...steady(120, 10)], { noise: { latencyCv: 0.3 } })
  const rows = Object.fromEntries(
    ['none', 'last-task', 'per-task', 'rerouting'].map((rule) => [
      rule,
      run('loki-published', scenario, rule).result,
    ]),
  )
  assert.equal(rows.none!.dropped, 0, 'none: every violation ran into its deadline')
  for (const rule of ['last-task', 'per-task', 'rerouting']) {
    assert.ok(rows[rule]!.dropped > 0, rule)
    assert.ok(rows[rule]!.violationRatio < rows.none!.violationRatio, rule)
  }
  assert.ok(rows['per-task']!.dropped > rows['last-task']!.dropped)
  assert.notEqual(rows.rerouting!.dropped, rows['per-task']!.dropped)
})

Deno.test('createPolicy() names the policies there are, and needs lots for those that draw', () => {
  assert.throws(
    () => createPolicy('best', { pipelines: [pipeline] }),
    /Cannot use policy best: .*loki/,
  )
  assert.throws(() => createPolicy('loki', { pipelines: [pipeline], drop: 'all' }), /drop rule all/)
  assert.throws(() => createPolicy('loki-published', { pipelines: [pipeline] }), /needs random/)
})

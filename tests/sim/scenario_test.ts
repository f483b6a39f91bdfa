/** A scenario file is read as agreed, and its faults are named with their place. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { PipelineError } from '../../src/pipeline/error.ts'
import { ScenarioError } from '../../src/sim/scenario_error.ts'
import { checkScenario, parseScenario } from '../../src/sim/scenario.ts'
import { notesOf } from '../../src/sim/scenario_notes.ts'
import { scenarioSchema } from '../../src/sim/scenario_schema.ts'
import { chain, type Given, runShoal, scenarioJson, scenarioOf } from './fixtures.ts'

const faultOf = (given: Given): string => {
  try {
    checkScenario(given, 'pool.json')
  } catch (error) {
    assert.ok(error instanceof ScenarioError, String(error))
    assert.equal(error.reason, 'invalid_scenario')
    return error.message
  }
  assert.fail('no fault was found')
}

Deno.test('checkScenario() fills in what may be absent', () => {
  const { planDelayMs, latencyCv, churn, drift, classes } = scenarioOf()
  const { speedCv, duty } = classes.gpu!
  assert.deepEqual(
    { planDelayMs, latencyCv, churn, drift, speedCv, duty },
    { planDelayMs: 300, latencyCv: 0, churn: undefined, drift: [], speedCv: 0, duty: 1 },
  )
  const { instancesPerNode: _, ...gpu } = scenarioJson().classes.gpu
  assert.equal(scenarioOf({ classes: { gpu } }).classes.gpu!.instancesPerNode, 1)
})

/** Its quick finder hands on so many items. */
const wide = (name: number) => {
  const { find, ...rest } = chain.tasks
  const quick = { ...find.variants.quick, fanOut: { name } }
  return { ...chain, tasks: { ...rest, find: { ...find, variants: { ...find.variants, quick } } } }
}

Deno.test('checkScenario() names file, place and fault', () => {
  const { gpu } = scenarioJson().classes
  const cases: [Given, RegExp][] = [
    [{ schema: 'shoal-scenario/2' }, /pool\.json: schema: /],
    [{ seed: undefined }, /seed: /],
    [{ trace: { binSeconds: 1, rates: [1, -1] } }, /trace\.rates\.1: /],
    [{ trace: { binSeconds: 0, rates: [1] } }, /trace\.binSeconds: /],
    [{ trace: { binSeconds: 1, rates: [] } }, /trace\.rates: /],
    [{ trace: { binSeconds: 1e12, rates: [0] } }, /trace: must last 10000000 s at most/],
    [{ pool: [{ class: 'gpu', count: 1e9 }] }, /pool: must have 1000000 nodes at most/],
    [{ pool: [{ class: 'gpu', count: 0 }] }, /pool: must have a node/],
    [{ pool: [{ class: 'tpu', count: 1 }] }, /pool\.0\.class: names tpu: there are gpu/],
    [{ classes: { gpu: { ...gpu, latencyMs: { exact: { '0': 1 } } } } }, /batch size/],
    [{ classes: { gpu: { ...gpu, latencyMs: { exact: {} } } } }, /at least one batch size/],
    [{ classes: { gpu: { ...gpu, instancesPerNode: 0 } } }, /instancesPerNode/],
    [{ classes: { gpu: { ...gpu, swapMs: undefined } } }, /swapMs/],
    [{ classes: { gpu: { ...gpu, latencyMs: { quick: { 1: 1 }, exact: { 1: -1 } } } } }, /exact/],
    [{ classes: { gpu: { ...gpu, duty: 0 } } }, /classes\.gpu\.duty: /],
    [{ classes: { gpu: { ...gpu, duty: 1.1 } } }, /classes\.gpu\.duty: /],
    [{ trace: undefined }, /needs pipeline and trace, or workloads/],
    [{ workloads: [] }, /workloads: /],
    [{ drift: [{ atS: 1, node: 'gpu-3', slowness: 2 }] }, /drift\.0\.node: there is no node gpu-3/],
    [{ churn: { meanUptimeS: 0, meanDowntimeS: 1 } }, /churn\.meanUptimeS/],
    // These took all memory, or never came to an end.
    [{ noise: { fanOutSpread: 1e5 } }, /noise\.fanOutSpread: /],
    [{ noise: { latencyCv: 1e200 } }, /noise\.latencyCv: /],
    [{ classes: { gpu: { ...gpu, speedCv: 1e200 } } }, /classes\.gpu\.speedCv: /],
    [{ timeoutsMs: [1, 1e12] }, /timeoutsMs\.1: /],
    [
      { trace: { binSeconds: 1, rates: [1e300] } },
      /trace: must come to 1000000000 queries at most/,
    ],
    [{ churn: { meanUptimeS: 1e-300, meanDowntimeS: 0 } }, /churn: .* must be 0\.001 s at least/],
    [
      { pipeline: wide(1e9) },
      /tasks\.find\.variants\.quick\.fanOut\.name: .* received 1000000000 and 1/,
    ],
    [
      { pipeline: wide(1000), noise: { fanOutSpread: 20 } },
      /must be 100000 at most: received 1000 and 20/,
    ],
  ]
  for (const [given, expected] of cases) assert.match(faultOf(scenarioJson(given)), expected)
  assert.throws(() => parseScenario('{', 'pool.json', () => ''), /pool\.json: not JSON/)
  const pipeline = { ...chain, root: 'nowhere' }
  assert.throws(() => checkScenario(scenarioJson({ pipeline }), 'pool.json'), PipelineError)
})

Deno.test('checkScenario() leaves out variants without latencies and ignores latencies of others', () => {
  const { gpu } = scenarioJson().classes
  const { quick, exact } = gpu.latencyMs
  const pathAccuracy = [
    { path: ['exact', 'exact'], accuracy: 0.9 },
    { path: ['exact', 'quick'], accuracy: 0.7 },
  ]
  const latencyMs = { exact, 'name/quick': quick, unknown: quick }
  const { workloads } = scenarioOf({
    pipeline: { ...chain, pathAccuracy },
    classes: { gpu: { ...gpu, latencyMs } },
  })
  const { tasks, ...rest } = workloads[0]!.pipeline
  assert.deepEqual(Object.keys(tasks.find!.variants), ['exact'])
  assert.deepEqual(Object.keys(tasks.name!.variants), ['quick', 'exact'])
  assert.deepEqual(rest.pathAccuracy, pathAccuracy)
  assert.match(
    faultOf(scenarioJson({ classes: { gpu: { ...gpu, latencyMs: { 'find/exact': exact } } } })),
    /no class in the pool has latencies for a variant of task name/,
  )
})

Deno.test('parseScenario() reads a pipeline that the scenario names, and several workloads', () => {
  const { pipeline: _, trace, ...rest } = scenarioJson()
  const files: { [path: string]: string } = {
    'a.json': JSON.stringify(chain),
    'b.json': JSON.stringify({ ...chain, name: 'other' }),
  }
  const read = (path: string) => {
    if (files[path] === undefined) throw new Error('no such file')
    return files[path]
  }
  const text = (names: string[]) =>
    JSON.stringify({ ...rest, workloads: names.map((pipeline) => ({ pipeline, trace })) })
  const { workloads } = parseScenario(text(['a.json', 'b.json']), 's.json', read)
  assert.deepEqual(workloads.map(({ pipeline }) => pipeline.name), ['chain', 'other'])
  assert.throws(
    () => parseScenario(text(['c.json']), 's.json', read),
    /workloads\.0\.pipeline: .*no such/,
  )
  assert.throws(() => parseScenario(text(['a.json', 'a.json']), 's.json', read), /named chain/)
})

Deno.test('notesOf() says what of a file has no effect, and nothing of one that is all read', () => {
  const notes = (given: Given) => {
    const json = scenarioJson(given)
    return notesOf(json, checkScenario(json, 'test'), () => '')
  }
  const { gpu } = scenarioJson().classes
  assert.deepEqual(notes({ about: 'as it is', noise: { latencyCv: 0.1 } }), [])
  assert.deepEqual(
    notes({
      nosie: { latencyCv: 0.1 },
      classes: {
        gpu: { ...gpu, instancePerNode: 'all', latencyMs: { quick: gpu.latencyMs.quick } },
      },
      pool: [{ class: 'gpu', count: 3, speed: 2 }],
      pipeline: { ...chain, whatever: 1 },
    }),
    [
      'classes.gpu.instancePerNode is no field of a scenario: ignored',
      'pool.0.speed is no field of a scenario: ignored',
      'nosie is no field of a scenario: ignored',
      'no class in the pool has latencies for find/exact: not used',
      'no class in the pool has latencies for name/exact: not used',
    ],
  )
})

Deno.test('the scenarios that come with the project can be read', async () => {
  const dir = join(ROOT, 'profiles', 'scenarios')
  let count = 0
  for await (const { name } of Deno.readDir(dir)) {
    if (!name.endsWith('.json')) continue
    const text = await Deno.readTextFile(join(dir, name))
    const scenario = parseScenario(text, name, (path) => Deno.readTextFileSync(join(dir, path)))
    assert.equal(scenario.workloads[0]!.pipeline.name, 'ocr')
    const variants = Object.values(scenario.workloads[0]!.pipeline.tasks).flatMap((task) =>
      Object.keys(task.variants)
    )
    assert.equal(variants.length, 7, `${name} has latencies of all variants`)
    count++
  }
  assert.ok(count >= 4)
})

Deno.test('the page about scenarios has one that can be run, and names each field that there is', async () => {
  const page = await Deno.readTextFile(join(ROOT, 'profiles', 'scenarios', 'README.md'))
  const json = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)![1]!)
  const scenario = checkScenario(json, 'README.md')
  assert.deepEqual(notesOf(json, scenario, () => ''), [])
  const short = { ...json, trace: { ...json.trace, binSeconds: 5 } }
  const { result } = runShoal(checkScenario(short, 'README.md'))
  assert.ok(result.roots > 300 && result.violationRatio < 0.05)
  const { classes, ...fields } = scenarioSchema.shape
  for (const name of Object.keys(fields)) assert.match(page, new RegExp(`[\`"]${name}\\b`), name)
  for (const name of Object.keys(classes.valueType.shape)) {
    assert.ok(page.includes(`\`classes.CLASS.${name}\``), name)
  }
})

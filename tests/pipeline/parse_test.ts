import assert from 'node:assert/strict'
import { PipelineError } from '../../src/pipeline/error.ts'
import { checkRunnable, parsePipeline } from '../../src/pipeline/parse.ts'
import { tree } from './fixtures.ts'

type Json = Record<string, unknown>

/** Sets `path` (as `tasks.a.next`) of a fresh copy of the tree; `undefined` removes it. */
function broken(path: string, value: unknown): string {
  const pipeline = structuredClone(tree) as Json
  const keys = path.split('.')
  const last = keys.pop() ?? ''
  const at = keys.reduce((node, key) => node[key] as Json, pipeline)
  if (value === undefined) delete at[last]
  else at[last] = value
  return JSON.stringify(pipeline)
}

function faultOf(text: string): PipelineError {
  try {
    parsePipeline(text, 'some/pipeline.json')
  } catch (error) {
    assert.ok(error instanceof PipelineError, String(error))
    assert.match(error.message, /^Cannot use pipeline some\/pipeline\.json: /)
    return error
  }
  return assert.fail('it was accepted')
}

Deno.test('parsePipeline() refuses what has more ways than can be planned for, before anything serves it', () => {
  const variants = (fanOut?: object) =>
    Object.fromEntries(
      Array.from({ length: 47 }, (_, i) => [`v${i}`, { accuracy: 0.5, fanOut }]),
    )
  const of = (...tasks: string[]) =>
    JSON.stringify({
      ...{ schema: 'shoal-pipeline/1', name: 'wide', sloMs: 100, root: tasks[0] },
      tasks: Object.fromEntries(tasks.map((task, i) => {
        const child = tasks[i + 1]
        return [task, {
          next: child === undefined ? [] : [child],
          variants: variants(child === undefined ? undefined : { [child]: 1 }),
        }]
      })),
    })
  assert.equal(parsePipeline(of('a', 'b'), 'some/pipeline.json').name, 'wide')
  const fault = faultOf(of('a', 'b', 'c'))
  assert.equal(fault.path, 'tasks')
  assert.match(
    fault.message,
    /in 106079 ways, of which there may be 100000: leave some variants out/,
  )
})

Deno.test('parsePipeline() reads a tree with two branches and three levels, and fills in defaults', () => {
  const pipeline = parsePipeline(JSON.stringify(tree), 'x')
  assert.equal(pipeline.weight, 1)
  assert.deepEqual(pipeline.tasks.make?.next, [])
  assert.equal(pipeline.tasks.car?.variants.small?.accuracy, 0.7)
  assert.equal(pipeline.tasks.car?.variants.small?.anything, 'kept', 'unknown fields are kept')
})

const FAULTS: [string, string, unknown, string, RegExp][] = [
  ['another schema', 'schema', 'shoal-pipeline/2', 'schema', /shoal-pipeline\/1/],
  ['no SLO', 'sloMs', undefined, 'sloMs', /./],
  ['an SLO of 0', 'sloMs', 0, 'sloMs', /./],
  ['a weight of 0', 'weight', 0, 'weight', /./],
  ['a root that is no task', 'root', 'nowhere', 'root', /nowhere/],
  ['a child that is no task', 'tasks.car.next', ['ghost'], 'tasks.car.next.0', /ghost/],
  ['a child with two parents', 'tasks.face.next', ['make'], 'tasks.face.next.0', /second parent/],
  ['a way back to the root', 'tasks.make.next', ['detect'], 'tasks.make.next.0', /root/],
  [
    'an accuracy over 1',
    'tasks.car.variants.small.accuracy',
    1.2,
    'tasks.car.variants.small.accuracy',
    /./,
  ],
  [
    'no accuracy',
    'tasks.car.variants.small.accuracy',
    undefined,
    'tasks.car.variants.small.accuracy',
    /./,
  ],
  [
    'memory in words',
    'tasks.car.variants.small.memoryBytes',
    '5 MB',
    'tasks.car.variants.small.memoryBytes',
    /./,
  ],
  ['a task without variants', 'tasks.car.variants', {}, 'tasks.car.variants', /at least one/],
  [
    'a negative fan-out',
    'tasks.detect.variants.big.fanOut',
    { car: -1 },
    'tasks.detect.variants.big.fanOut.car',
    /./,
  ],
  [
    'fan-out to no child',
    'tasks.detect.variants.big.fanOut',
    { make: 1 },
    'tasks.detect.variants.big.fanOut.make',
    /not in next/,
  ],
  [
    'a task with a name of two words',
    'tasks.a car',
    { variants: { only: { accuracy: 1 } } },
    'tasks.a car',
    /must be 1 to 64 letters, digits/,
  ],
  ['a name that every object has', 'name', 'valueOf', 'name', /JavaScript/],
  [
    'a task of such a name',
    'tasks.constructor',
    { variants: { only: { accuracy: 1 } } },
    'tasks.constructor',
    /JavaScript/,
  ],
  [
    'a variant of such a name',
    'tasks.face.variants.toString',
    { accuracy: 1 },
    'tasks.face.variants.toString',
    /JavaScript/,
  ],
  ['output of no task', 'output.cars.each', 'ghost', 'output.cars.each', /ghost/],
  [
    'a path of no variants',
    'pathAccuracy',
    [{ path: ['big', 'ghost'], accuracy: 0.5 }],
    'pathAccuracy.0.path',
    /no path/,
  ],
  [
    'a path that fits two',
    'pathAccuracy',
    [{ path: ['big', 'small'], accuracy: 0.5 }],
    'pathAccuracy.0.path',
    /more than one/,
  ],
  [
    'two accuracies of one path',
    'pathAccuracy',
    [
      { path: ['big'], accuracy: 0.5 },
      { path: ['tiny'], accuracy: 0.6 },
      { path: ['big'], accuracy: 0.7 },
    ],
    'pathAccuracy.2.path',
    /big is there twice/,
  ],
  [
    'an output with a field twice',
    'output.cars.with',
    ['label', 'box', 'label'],
    'output.cars.with.2',
    /names label twice/,
  ],
]

for (const [what, path, value, faultPath, fault] of FAULTS) {
  Deno.test(`parsePipeline() refuses ${what}, naming the place`, () => {
    const error = faultOf(broken(path, value))
    assert.equal(error.path, faultPath)
    assert.match(error.fault, fault)
  })
}

Deno.test('parsePipeline() reads a file with the mark that some editors begin with', () => {
  assert.equal(parsePipeline(`\uFEFF${JSON.stringify(tree)}`, 'x').name, tree.name)
})

Deno.test('parsePipeline() refuses what is not JSON', () => {
  assert.match(faultOf('{').fault, /not JSON/)
})

Deno.test('parsePipeline() refuses a circle apart from the root', () => {
  const pipeline = structuredClone(tree)
  pipeline.tasks.a = { next: ['b'], variants: { v: { accuracy: 1 } } }
  pipeline.tasks.b = { next: ['a'], variants: { v: { accuracy: 1 } } }
  const error = faultOf(JSON.stringify(pipeline))
  assert.match(error.fault, /cannot be reached/)
})

Deno.test('checkRunnable() asks for a known kind and a model', () => {
  const pipeline = parsePipeline(JSON.stringify(tree), 'x')
  assert.throws(() => checkRunnable(pipeline, ['known'], 'f'), /tasks\.detect\.kind.*known/)
  for (const task of Object.values(pipeline.tasks)) task.kind = 'known'
  assert.throws(() => checkRunnable(pipeline, ['known'], 'f'), /variants\.big\.model.*missing/)
  for (const task of Object.values(pipeline.tasks)) {
    for (const variant of Object.values(task.variants)) variant.model = 'm'
  }
  checkRunnable(pipeline, ['known'], 'f')
})

Deno.test('parsePipeline() refuses a name that would be taken for a version of another', () => {
  const fault = faultOf(broken('name', 'ocr~2'))
  assert.equal(fault.path, 'name')
  assert.match(fault.message, /must be without a version/)
})

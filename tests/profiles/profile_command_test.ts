/** `deno task profile` as a command: what it refuses, says, writes and leaves as it was. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { parsePipeline } from '../../src/pipeline/parse.ts'
import { labelledFiles, scoreLabels } from '../../src/cli/pipelines/labelled_files.ts'
import { ROOT } from '../../src/cli/root.ts'
import { inFolder, ofEach, oneModel } from '../cli/own_scene.ts'
import { PIXEL_PNG } from '../coordinator/fixture.ts'

async function runProfile(dir: string, ...args: string[]) {
  const { stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ['run', '-A', 'src/cli/profile.ts', '--pipeline', dir, ...args],
    ...{ cwd: ROOT, stdin: 'null' },
  }).output()
  return { said: new TextDecoder().decode(stderr), success }
}

const input = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] }
const labels = (files: object) => ({ schema: 'shoal-labelled/1', field: 'y', files })

Deno.test('profile says before it measures what it could not write, and which file is missing', () =>
  inFolder({
    ...oneModel,
    'labelled/labels.json': labels({ 'one.json': 0, 'two.json': 1 }),
    'labelled/one.json': input,
  }, async (dir) => {
    for (
      const [args, message] of [
        [['--json', join(dir, 'a.onnx', 'x.json')], /^Cannot write .*x\.json: /m],
        [['--pages', '1', '--write'], /^Cannot write figures of 1 of 2 examples: /m],
        [[], /^Cannot use .*files\.two\.json: two\.json cannot be read: there is no such file/m],
      ] as const
    ) {
      const { said, success } = await runProfile(dir, ...args)
      assert.equal(success, false)
      assert.match(said, message)
      assert.doesNotMatch(said, /\n\s+at /)
    }
    const { tasks } = JSON.parse(await Deno.readTextFile(join(dir, 'pipeline.json')))
    assert.equal(tasks.only.variants.a.referenceMs, 1)
  }))

Deno.test('profile keeps what is written into the file while it measures', () =>
  inFolder({
    ...oneModel,
    'labelled.ts': `
      const file = new URL('pipeline.json', import.meta.url)
      export const labelled = () => Promise.resolve({
        ...{ about: {}, names: { examples: 'files', truths: 'labels' }, count: 1 },
        async example() {
          const pipeline = JSON.parse(await Deno.readTextFile(file))
          await Deno.writeTextFile(file, JSON.stringify({ ...pipeline, sloMs: 77 }))
          const data = Float32Array.of(1, 2)
          const input = {
            meta: { tensors: [{ name: 'x', type: 'float32', dims: [1, 2] }] },
            bytes: new Uint8Array(data.buffer),
          }
          const score = () => ({ total: 2, errors: 1, truths: 2, found: 1, exact: 1 })
          return { input, perfect: () => Promise.resolve(undefined), score }
        },
      })`,
  }, async (dir) => {
    const { said, success } = await runProfile(dir, '--write')
    assert.ok(success, said)
    const { sloMs, tasks } = JSON.parse(await Deno.readTextFile(join(dir, 'pipeline.json')))
    assert.deepEqual([sloMs, tasks.only.variants.a.accuracy], [77, 0.5])
  }))

Deno.test('profile says where no answer was right, and does not keep the guess', () =>
  inFolder({
    ...oneModel,
    'labelled/labels.json': {
      ...{ schema: 'shoal-labelled/1', field: 'z', files: { 'one.json': 0 } },
    },
    'labelled/one.json': {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }],
    },
  }, async (dir) => {
    const { said, success } = await runProfile(dir, '--write')
    assert.ok(success, said)
    assert.match(
      said,
      /no answer was right: is `field` misspelt .*\n[^]*pipeline\.json, .*: written/,
    )
    const { tasks } = JSON.parse(await Deno.readTextFile(join(dir, 'pipeline.json')))
    assert.equal(tasks.only.variants.a.accuracy, 0)
  }))

/** Two branches below one task; the leaves answer with what they were given, or its opposite. */
const branched = (right: string[], truth: object) => ({
  ...oneModel,
  'pipeline.json': {
    ...{ schema: 'shoal-pipeline/1', name: 'own', sloMs: 20_000, root: 'top' },
    tasks: {
      top: {
        ...{ kind: 'tensors', next: ['left', 'right'] },
        give: { left: { tensors: { x: 'y' } }, right: { tensors: { x: 'y' } } },
        variants: { only: { accuracy: 1, model: 'a.onnx' } },
      },
      left: {
        kind: 'tensors',
        variants: {
          big: { accuracy: 0.9, model: 'a.onnx' },
          small: { accuracy: 0.8, model: 'b.onnx' },
        },
      },
      right: {
        kind: 'tensors',
        variants: {
          [right[0]!]: { accuracy: 0.12345, model: 'a.onnx' },
          [right[1]!]: { accuracy: 0.6, model: 'b.onnx' },
        },
      },
    },
    pathAccuracy: right[0] === 'big' ? [] : [{ path: ['only', 'large'], accuracy: 0.54321 }],
  },
  'b.onnx': ofEach('Neg'),
  'labelled/labels.json': labels({ 'one.json': truth }),
  'labelled/one.json': input,
})

const readPipeline = async (dir: string) => {
  const file = join(dir, 'pipeline.json')
  return parsePipeline(await Deno.readTextFile(file), file)
}

Deno.test('profile leaves the accuracy of a branch that no label speaks of as it was', () =>
  inFolder(branched(['large', 'little'], { left: 1 }), async (dir) => {
    const { said, success } = await runProfile(dir, '--write')
    assert.ok(success, said)
    assert.match(said, /no label says anything of right: accuracy is as it was/)
    const { tasks, pathAccuracy } = await readPipeline(dir)
    const accuracies = (task: string) =>
      Object.values(tasks[task]!.variants).map(({ accuracy }) => accuracy)
    assert.deepEqual(accuracies('left'), [1, 1])
    assert.deepEqual(accuracies('right'), [0.12345, 0.6])
    assert.deepEqual(pathAccuracy, [
      { path: ['only', 'big'], accuracy: 1 },
      { path: ['only', 'small'], accuracy: 1 },
      { path: ['only', 'large'], accuracy: 0.54321 },
    ])
  }))

Deno.test('profile shows the accuracies of the file where it measures none', () =>
  inFolder(branched(['large', 'little'], { left: 1 }), async (dir) => {
    const json = join(dir, 'figures.json')
    const { said, success } = await runProfile(dir, '--no-accuracy', '--json', json)
    assert.ok(success, said)
    const { paths, ways } = JSON.parse(await Deno.readTextFile(json))
    const known = (all: { accuracy: number }[]) => all.map(({ accuracy }) => accuracy)
    assert.deepEqual(known(paths), [0.9, 0.8, 0.54321, 0.6])
    assert.deepEqual(known(ways)[0], (0.9 + 0.6) / 2)
  }))

Deno.test('profile refuses labels of tasks that there are not, and paths that are told apart by nothing', async () => {
  for (
    const [right, truth, message] of [
      [
        ['large', 'little'],
        { left: 1, rihgt: 0 },
        /files\.one\.json\.rihgt: .*: there are left, right/,
      ],
      [['big', 'small'], { left: 1, right: 0 }, /^Cannot measure accuracy: only > big fits more/m],
    ] as const
  ) {
    await inFolder(branched([...right], truth), async (dir) => {
      const before = await Deno.readTextFile(join(dir, 'pipeline.json'))
      const { said, success } = await runProfile(dir, '--write')
      assert.equal(success, false)
      assert.match(said, message)
      assert.equal(await Deno.readTextFile(join(dir, 'pipeline.json')), before)
    })
  }
})

Deno.test('labelledFiles() takes a picture for what it is, whatever its name, and no text for one', () =>
  inFolder({
    'labelled/labels.json': labels({ 'one.jpg': 'a', 'two.png': 'b' }),
    'labelled/one.jpg': PIXEL_PNG,
    'labelled/two.png': 'no picture',
  }, async (dir) => {
    const set = await labelledFiles(
      dir,
      parsePipeline(JSON.stringify(oneModel['pipeline.json']), 'own'),
    )
    assert.deepEqual((await set!.example(0)).input.meta, { type: 'image/png' })
    await assert.rejects(set!.example(1), /files\.two\.png: must be a picture, PNG, JPEG or WebP: /)
  }))

Deno.test('profile names the example that no variant can read, and writes nothing', () =>
  inFolder({
    ...oneModel,
    'a.onnx': ofEach('Sqrt'),
    'labelled/labels.json': labels({ 'one.json': 1, 'two.json': 1 }),
    'labelled/one.json': input,
    // Of which the root is no number: a query with it is refused.
    'labelled/two.json': {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [-1, 2] }],
    },
  }, async (dir) => {
    const { said, success } = await runProfile(dir, '--write')
    assert.equal(success, false)
    assert.match(said, /^Cannot measure accuracy: example 2 cannot be read: /m)
    assert.equal((await readPipeline(dir)).tasks['only']!.variants['a']!.accuracy, 1)
  }))

Deno.test('profile names the variant whose model cannot be run, with labels and without', () =>
  inFolder({
    ...branched(['large', 'little'], { left: 1, right: 0 }),
    'b.onnx': ofEach('NoSuchOperator'),
  }, async (dir) => {
    for (const args of [[], ['--no-accuracy']]) {
      const { said, success } = await runProfile(dir, ...args)
      assert.equal(success, false)
      assert.match(said, /^Cannot measure left small: Cannot load a model of /m)
    }
  }))

Deno.test('profile names the file that no variant can read', () =>
  inFolder({
    ...oneModel,
    'a.onnx': ofEach('Sqrt'),
    'labelled/labels.json': labels({ 'minus.json': 1 }),
    'labelled/minus.json': {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [-1, 2] }],
    },
  }, async (dir) => {
    const { said } = await runProfile(dir)
    assert.match(said, /^Cannot measure accuracy: example 1 cannot be read: minus\.json: /m)
  }))

Deno.test('a tensor of no elements is the answer of no label', () => {
  const leaf = (data: Float32Array<ArrayBuffer>) => ({
    ...{ meta: {}, fields: {} },
    tensors: { y: { type: 'float32' as const, dims: [data.length], data } },
  })
  const score = (...values: number[]) => scoreLabels([0], [leaf(Float32Array.from(values))], 'y')
  assert.deepEqual([score(5, 1).exact, score(1, 5).exact, score().exact], [1, 0, 0])
  assert.equal(score().found, 0)
})

Deno.test('profile takes an item as it usually comes for one, however many rows it has', () => {
  const variants = { a: { accuracy: 1, model: 'a.onnx' } }
  const only = { kind: 'tensors', takes: { x: { shape: [-1, 2], typical: [3, 2] } }, variants }
  const data = [1, 2, 1, 2, 1, 2]
  return inFolder({
    ...oneModel,
    'pipeline.json': { ...oneModel['pipeline.json'] as object, tasks: { only } },
    'labelled/labels.json': labels({ 'usual.json': 0, 'twice.json': 0 }),
    'labelled/usual.json': { inputs: [{ name: 'x', datatype: 'FP32', shape: [3, 2], data }] },
    'labelled/twice.json': {
      inputs: [{ name: 'x', datatype: 'FP32', shape: [6, 2], data: [...data, ...data] }],
    },
  }, async (dir) => {
    const json = join(dir, 'figures.json')
    const { said, success } = await runProfile(dir, '--json', json)
    assert.ok(success, said)
    const { variants: [{ rows }] } = JSON.parse(await Deno.readTextFile(json))
    assert.equal(rows, 1.5)
  })
})

Deno.test('profile says what a program for its labelled set lacks', () =>
  inFolder({ ...oneModel, 'labelled.ts': 'export const labeled = 1' }, async (dir) => {
    const { said, success } = await runProfile(dir)
    assert.equal(success, false)
    assert.match(said, /^Cannot use .*labelled\.ts: it exports no function labelled$/m)
  }))

/** A pipeline file without `output` answers all that its last tasks give. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { join } from 'node:path'
import { loadPipeline } from '../../src/cli/pipelines/load.ts'
import { palettePng } from '../../src/cli/palette_png.ts'
import { ROOT } from '../../src/cli/root.ts'
import type { Dims } from '../pipeline/onnx.ts'
import { onnxOf } from '../pipeline/onnx.ts'
import { files as letters, pipeline as lettersFile } from './code_scene.ts'
import { type Files, inFolder, withServing } from './own_scene.ts'

const model = (x: Dims, y: Dims, nodes: Parameters<typeof onnxOf>[0]['nodes'] = []) =>
  onnxOf({ inputs: { x }, outputs: { y }, nodes })

const models: Files = {
  // Two grey pixels are the scores of two labels.
  'tell.onnx': model([1, 1, 1, 2], [1, 2], [{ op: 'Flatten', inputs: ['x'], outputs: ['y'] }]),
  'digits.onnx': model(['N', 1, 1, 2], ['N', 4, 2]),
  'find.onnx': model(['N', 3, 4, 8], ['N', 6, 'B']),
  'lines.onnx': model(['N', 3, 'H', 'W'], ['N', 1, 'H', 'W']),
  'read.onnx': model(['N', 3, 48, 96], ['N', 'T', 96]),
}

const task = (kind: string, file: string, input: object, rest: object = {}) => ({
  ...{ kind, variants: { only: { accuracy: 1, referenceMs: 1, model: file, input } } },
  ...rest,
})
const classes = { labels: ['left', 'right'] }
const pair = { height: 1, width: 2, colour: 'grey' }
const tell = task('image-classification', 'tell.onnx', pair, classes)
const digits = task('image-classification', 'digits.onnx', pair, {
  ...classes,
  output: { places: 4 },
})
const find = (next: string[]) =>
  task('object-detection', 'find.onnx', { height: 4, width: 8 }, {
    ...{ next, ...classes, boxes: { format: 'yolo' } },
  })
const lines = (next: string[]) =>
  task('text-detection', 'lines.onnx', { height: 64, width: 96 }, { next })
const read = task('text-recognition', 'read.onnx', { height: 48, width: 96 })

const pipelineOf = (tasks: { [name: string]: object }) => ({
  ...{ schema: 'shoal-pipeline/1', name: 'own', sloMs: 20_000 },
  ...{ root: Object.keys(tasks)[0], tasks },
})

const load = async (files: Files) => {
  let found: Awaited<ReturnType<typeof loadPipeline>>['pipeline'] | undefined
  await inFolder(files, async (dir) => {
    found = (await loadPipeline(dir, () => {})).pipeline
  })
  return found!
}

const THING = ['kind', 'score', 'box']

for (
  const [what, tasks, wanted] of [
    ['a classification', { tell }, { tell: ['label', 'confidence'] }],
    ['one with places', { digits }, { digits: ['text', 'confidence'] }],
    ['a detection', { find: find([]) }, { find: ['width', 'height', 'found'] }],
    ['things named', { find: find(['tell', 'digits']), tell, digits }, {
      tell: ['label', 'confidence', ...THING],
      digits: ['text', 'confidence', ...THING],
    }],
    ['things named, and then again', {
      find: find(['tell']),
      tell: { ...tell, next: ['digits'] },
      digits,
    }, {
      digits: ['text', 'confidence', ...THING],
    }],
    ['lines found', { lines: lines([]) }, { lines: ['width', 'height', 'lines'] }],
    ['lines read', { lines: lines(['read']), read }, { read: ['text', 'confidence', 'box'] }],
  ] as [string, { [name: string]: object }, { [list: string]: string[] }][]
) {
  Deno.test(`without output, the answer has all that is known of ${what}`, async () => {
    const { output } = await load({ ...models, 'pipeline.json': pipelineOf(tasks) })
    deepEqual(
      output,
      Object.fromEntries(
        Object.entries(wanted).map(([each, fields]) => [each, { each, with: fields }]),
      ),
    )
  })
}

for (
  const [what, tasks, each, field, fault] of [
    ['of a classification', { tell }, 'tell', 'lable', 'they give label, confidence'],
    [
      'of a thing named',
      { find: find(['tell']), tell },
      'tell',
      'text',
      'they give label, confidence, width, height, found, kind, score, box',
    ],
    ['of a detection, which only what it finds has', { find: find([]) }, 'find', 'kind', 'found'],
  ] as [string, { [name: string]: object }, string, string, string][]
) {
  Deno.test(`output with a field that nothing gives is refused: ${what}`, async () => {
    const output = { list: { each, with: ['confidence', field].slice(each === 'find' ? 1 : 0) } }
    const at = output.list.with.indexOf(field)
    await rejects(
      load({ ...models, 'pipeline.json': { ...pipelineOf(tasks), output } }),
      ({ message }: Error) =>
        message.includes(`output.list.with.${at}: names field ${field}, which task ${each} and`) &&
        message.endsWith(fault),
    )
  })
}

Deno.test('a picture pipeline without output is answered with its fields', async () => {
  const shades = [[250, 250, 250, 255], [5, 5, 5, 255]]
  const body = await palettePng({
    ...{ width: 2, height: 1 },
    data: Uint8ClampedArray.from(shades.flat()),
  }) as Uint8Array<ArrayBuffer>
  await inFolder(
    { ...models, 'pipeline.json': pipelineOf({ tell }) },
    (dir) =>
      withServing(dir, 1, async ({ url }) => {
        const response = await fetch(`${url}/v1/pipelines/own/infer`, {
          ...{ method: 'POST', headers: { 'content-type': 'image/png' }, body },
        })
        const { outputs } = await response.json()
        equal(outputs.tell?.[0]?.label, 'left', JSON.stringify(outputs))
        deepEqual(Object.keys(outputs.tell[0]), ['label', 'confidence'])
      }),
  )
})

Deno.test('a program whose fields nobody names is refused with what to write', async () => {
  const { output: _, ...without } = lettersFile
  await rejects(
    load({ ...letters, 'pipeline.json': without }),
    /output: is missing, .* task say gives: name them, as \{"say": \{"each": "say", "with": \["FIELD"\]\}\}$/,
  )
})

Deno.test('the file of docs/PIPELINES.md for pictures is one that loads', async () => {
  const page = await Deno.readTextFile(join(ROOT, 'docs', 'PIPELINES.md'))
  const text = /^```json shelf\/pipeline.json\n([\s\S]*?)^```$/m.exec(page)![1]!
  const files: Files = {
    'labels.txt': 'Coat\nBoot\n',
    'models/detect-320.onnx': model(['N', 3, 240, 320], ['N', 8, 'B']),
    'models/garment-40.onnx': model(['N', 1, 40, 40], ['N', 2]),
    'models/price-72.onnx': model(['N', 1, 24, 72], ['N', 4, 11]),
  }
  const { output } = await load({ ...files, 'pipeline.json': text })
  deepEqual(Object.keys(output!), ['garments', 'prices'])

  const { output: _, ...rest } = JSON.parse(text)
  deepEqual((await load({ ...files, 'pipeline.json': rest })).output, {
    garment: { each: 'garment', with: ['label', 'confidence', 'kind', 'score', 'box'] },
    price: { each: 'price', with: ['text', 'confidence', 'kind', 'score', 'box'] },
  })
})

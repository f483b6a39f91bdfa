/** Finding and naming things, with the shelf's networks on scenes that they were not trained on. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { fromFileUrl } from '../../src/cli/root.ts'
import { loadLocalCodec } from '../../src/cli/serve/codec_assets.ts'
import { loadPipeline } from '../../src/cli/pipelines/load.ts'
import { createOrtModel } from '../../src/node/engine/ort_model.ts'
import { createCodecs } from '../../src/stages/codecs.ts'
import { stages } from '../../src/stages/stages.ts'
import type { ItemResult, Model, StageContext, StageItem } from '../../src/stages/types.ts'
import { labelled } from '../../profiles/shelf/labelled.ts'
import { onnxOf } from '../pipeline/onnx.ts'

const { pipeline, models } = await loadPipeline(
  fromFileUrl(new URL('../../profiles/shelf', import.meta.url)),
  () => {},
)
const codecs = createCodecs(loadLocalCodec)
const set = await labelled()
const scenes = await Promise.all([0, 1, 2].map(async (i) => (await set.example(i)).input))
const loaded = new Map<string, Promise<Model>>()
/** Rows of the tensors that models were given, by now. */
const runs: number[] = []

async function contextOf(
  taskName: string,
  variantName: string,
  change: Partial<StageContext> = {},
): Promise<StageContext> {
  const task = pipeline.tasks[taskName]!
  const variant = task.variants[variantName]!
  const { file } = models[variant.model!]!
  const found = loaded.get(file) ?? Deno.readFile(file).then((bytes) => createOrtModel(bytes))
  loaded.set(file, found)
  const model = await found
  const counting: Model = {
    ...model,
    run(feeds) {
      runs.push(Object.values(feeds)[0]!.dims[0]!)
      return model.run(feeds)
    },
  }
  return { task, variant, next: task.next, model: counting, codecs, crops: 'raw', ...change }
}

const run = (context: StageContext, items: readonly StageItem[]) =>
  stages[context.task.kind!]!.run(items, context)

function good(result: ItemResult | undefined) {
  ok(result?.ok, JSON.stringify(result))
  return result
}

const boxesOf = (result: ItemResult | undefined) =>
  Object.values(good(result).children).flat().map(({ meta }) => [meta['kind'], meta['box']])

Deno.test('object-detection runs a batch at once and says of each picture what it says alone', async () => {
  const context = await contextOf('detect', 's160')
  runs.length = 0
  const together = await run(context, scenes)
  deepEqual(runs, [3])
  for (const [i, scene] of scenes.entries()) {
    const [alone] = await run(context, [scene])
    deepEqual(boxesOf(together[i]), boxesOf(alone))
    ok(boxesOf(alone).length > 0)
  }
})

Deno.test('pictures that are large for a model run a few at a time', async () => {
  const side = 640
  // Which half is brighter.
  const halves = { kernel_shape: [side, side / 2], strides: [side, side / 2] }
  const model = await createOrtModel(onnxOf({
    inputs: { x: ['N', 1, side, side] },
    outputs: { y: ['N', 2] },
    nodes: [
      { op: 'AveragePool', inputs: ['x'], outputs: ['means'], ints: halves },
      { op: 'Flatten', inputs: ['means'], outputs: ['y'] },
    ],
  }))
  const task = {
    ...{ kind: 'image-classification', labels: ['left', 'right'], next: [] },
    variants: {
      only: { accuracy: 1, input: { height: side, width: side, colour: 'grey' } },
    },
  }
  const context = await contextOf('garment', 'g20', { task, variant: task.variants.only, next: [] })
  const counting: Model = {
    ...model,
    run(feeds) {
      runs.push(feeds['x']!.dims[0]!)
      return model.run(feeds)
    },
  }
  runs.length = 0
  const sides = ['left', 'right', 'right', 'left', 'right']
  const items = sides.map((side): StageItem => ({
    meta: { format: 'rgb', width: 2, height: 1 },
    bytes: Uint8Array.from(side === 'left' ? [250, 250, 250, 0, 0, 0] : [0, 0, 0, 250, 250, 250]),
  }))
  const results = await run({ ...context, model: counting }, items)
  deepEqual(results.map((one) => good(one).fields?.['label']), sides)
  deepEqual(runs, [2, 2, 1])
  await model.release()
})

Deno.test('object-detection reads logits and boxes in shares, as a DETR gives them', async () => {
  // Of a black picture the first class is as likely as nothing, of a white one the second is sure.
  const model = await createOrtModel(onnxOf({
    inputs: { x: ['N', 3, 4, 8] },
    outputs: { logits: ['N', 1, 3], pred_boxes: ['N', 1, 4] },
    weights: {
      rise: { dims: [3, 3], values: [0, 4, 0, 0, 4, 0, 0, 4, 0] },
      still: { dims: [3, 4], values: Array(12).fill(0) },
      box: { dims: [4], values: [0.5, 0.25, 0.5, 0.5] },
      split: { dims: [3], values: [-1, 1, 3], type: 'int64' },
      fours: { dims: [3], values: [-1, 1, 4], type: 'int64' },
    },
    nodes: [
      { op: 'AveragePool', inputs: ['x'], outputs: ['means'], ints: { kernel_shape: [4, 8] } },
      { op: 'Flatten', inputs: ['means'], outputs: ['flat'] },
      { op: 'MatMul', inputs: ['flat', 'rise'], outputs: ['rows'] },
      { op: 'Reshape', inputs: ['rows', 'split'], outputs: ['logits'] },
      { op: 'MatMul', inputs: ['flat', 'still'], outputs: ['zeros'] },
      { op: 'Add', inputs: ['zeros', 'box'], outputs: ['boxes'] },
      { op: 'Reshape', inputs: ['boxes', 'fours'], outputs: ['pred_boxes'] },
    ],
  }))
  const task = {
    ...{ kind: 'object-detection', labels: ['dark', 'bright'], next: [] },
    boxes: { format: 'detr', threshold: 0.5 },
    variants: { only: { accuracy: 1, input: { height: 4, width: 8 } } },
  }
  const context = await contextOf('garment', 'g20', { task, variant: task.variants.only, next: [] })
  const items = [0, 255].map((level): StageItem => ({
    meta: { format: 'rgb', width: 40, height: 20 },
    bytes: new Uint8Array(40 * 20 * 3).fill(level),
  }))
  const results = await run({ ...context, model }, items)
  deepEqual(good(results[0]).fields?.['found'], [])
  deepEqual(good(results[1]).fields?.['found'], [
    { kind: 'bright', score: 1, box: [[10, 0], [30, 0], [30, 10], [10, 10]] },
  ])
  await model.release()
})

Deno.test('a model of one picture at a time that finds its own number of things says of each what it says alone', async () => {
  const [width, height] = [8, 4]
  // A box around each pixel that is not black.
  const model = await createOrtModel(onnxOf({
    inputs: { x: [1, 1, height, width] },
    outputs: { boxes: [1, 'found', 6] },
    weights: {
      corners: {
        dims: [6, 4],
        // From where it stands, [picture, channel, y, x], to left, top, right, bottom.
        values: [[0, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 1, 0], Array(8).fill(0)].flat(),
      },
      rest: { dims: [6, 1], values: [0, 0, 1, 1, 0.9, 0] },
      one: { dims: [3], values: [1, -1, 6], type: 'int64' },
    },
    nodes: [
      { op: 'NonZero', inputs: ['x'], outputs: ['at'] },
      { op: 'Cast', inputs: ['at'], outputs: ['places'], ints: { to: 1 } },
      { op: 'MatMul', inputs: ['corners', 'places'], outputs: ['sides'] },
      { op: 'Add', inputs: ['sides', 'rest'], outputs: ['columns'] },
      { op: 'Transpose', inputs: ['columns'], outputs: ['rows'], ints: { perm: [1, 0] } },
      { op: 'Reshape', inputs: ['rows', 'one'], outputs: ['boxes'] },
    ],
  }))
  const task = {
    ...{ kind: 'object-detection', labels: ['dot'], next: [], boxes: { format: 'corners' } },
    variants: { only: { accuracy: 1, input: { height, width, colour: 'grey' } } },
  }
  const context = await contextOf('garment', 'g20', { task, variant: task.variants.only, next: [] })
  const picture = (...dots: [x: number, y: number][]): StageItem => {
    const bytes = new Uint8Array(3 * width * height)
    for (const [x, y] of dots) bytes.fill(255, 3 * (y * width + x), 3 * (y * width + x + 1))
    return { meta: { format: 'rgb', width, height }, bytes }
  }
  const placesOf = (results: ItemResult[]) =>
    results.map((one) =>
      (good(one).fields?.['found'] as { box: unknown[] }[]).map(({ box }) => box[0])
    )
  const dots: [number, number][][] = [[], [[7, 0], [2, 2], [5, 2]], [[1, 1]], [[6, 3]]]
  for (const batch of [[0, 1], [1, 2, 3], [2, 1, 0, 3]]) {
    const results = await run({ ...context, model }, batch.map((i) => picture(...dots[i]!)))
    deepEqual(placesOf(results), batch.map((i) => dots[i]))
  }
  await model.release()
})

Deno.test('object-detection hands each kind to its task, in the crop that the task asks for', async () => {
  const [result] = await run(await contextOf('detect', 's320'), scenes)
  const { garment, price } = good(result).children as { [task: string]: StageItem[] }
  ok(garment!.length > 0 && price!.length > 0)
  ok(garment!.every(({ meta }) => meta['kind'] !== 'tag'))
  ok(price!.every(({ meta }) => meta['kind'] === 'tag'))
  for (const { meta, bytes } of [...garment!, ...price!]) {
    ok(Number(meta['height']) <= 48 && Number(meta['width']) <= 80)
    equal(bytes.length, Number(meta['height']) * Number(meta['width']) * 3)
  }
  const jpeg = await run(await contextOf('detect', 's320', { crops: 'jpeg' }), [scenes[0]!])
  const [first] = good(jpeg[0]).children['price']!
  deepEqual([first!.meta['format'], ...first!.bytes.subarray(0, 2)], ['jpeg', 0xff, 0xd8])
})

Deno.test('object-detection cuts a thing once, however many tasks it goes to', async () => {
  const next = ['garment', 'price']
  const task = { ...pipeline.tasks['detect']!, next, hand: undefined }
  const context = await contextOf('detect', 's320', { task, next, crops: 'jpeg' })
  let cut = 0
  const counting = {
    ...codecs,
    encodeJpeg(...given: Parameters<typeof codecs.encodeJpeg>) {
      cut++
      return codecs.encodeJpeg(...given)
    },
  }
  const [result] = await run({ ...context, codecs: counting }, [scenes[0]!])
  const { fields, children } = good(result)
  ok(Number(fields?.['found']) > 0)
  equal(cut, fields?.['found'])
  deepEqual(children['garment'], children['price'])
})

Deno.test('a broken picture fails alone, the others of its batch are answered', async () => {
  const broken = { ...scenes[1]!, bytes: scenes[1]!.bytes.subarray(0, 2000) }
  for (const [task, variant] of [['detect', 's160'], ['garment', 'g20']] as const) {
    runs.length = 0
    const results = await run(await contextOf(task, variant), [scenes[0]!, broken, scenes[2]!])
    deepEqual(results.map(({ ok }) => ok), [true, false, true])
    deepEqual(runs, [2])
    deepEqual(await run(await contextOf(task, variant), [broken]), [results[1]])
  }
})

Deno.test('a detection without child tasks lists what it found', async () => {
  const { hand: _, ...rest } = pipeline.tasks['detect']!
  const context = await contextOf('detect', 's160', { task: { ...rest, next: [] }, next: [] })
  const [result] = await run(context, scenes)
  const { found } = good(result).fields as { found: { kind: string; box: unknown[] }[] }
  ok(found.length > 0)
  ok(found.every(({ kind, box }) => typeof kind === 'string' && box.length === 4))
})

Deno.test('image-classification hands on what has a label that its child is told of', async () => {
  const garments = await (await set.example(0)).perfect('garment', codecs) ?? []
  const task = { ...pipeline.tasks['garment']!, next: ['boots'], hand: { boots: ['Boot'] } }
  const context = await contextOf('garment', 'g28', { task, next: ['boots'] })
  const results = await run(context, garments)
  for (const [i, result] of results.entries()) {
    const { fields, children } = good(result)
    deepEqual(children['boots'], fields?.['label'] === 'Boot' ? [garments[i]] : [])
  }
})

Deno.test('image-classification is silent below the confidence asked for', async () => {
  const garments = await (await set.example(0)).perfect('garment', codecs) ?? []
  const task = { ...pipeline.tasks['garment']!, output: { minConfidence: 0.9 } }
  const quiet = await run(await contextOf('garment', 'g28', { task }), garments)
  const all = await run(await contextOf('garment', 'g28'), garments)
  all.forEach((result, i) => {
    const sure = Number(good(result).fields?.['confidence']) >= 0.9
    deepEqual(good(quiet[i]).fields, sure ? good(result).fields : null)
  })
})

Deno.test('a file that does not fit its model is told the shape expected and the shape found', async () => {
  const detect = { ...pipeline.tasks['detect']!, labels: ['one', 'two'], hand: undefined }
  await rejects(
    async () => run(await contextOf('detect', 's160', { task: detect }), scenes),
    /expected one output float32 \[3, 6, boxes\], found float32 \[3, 8, 300\]/,
  )
  const garment = { ...pipeline.tasks['garment']!, labels: ['one'] }
  await rejects(
    async () => run(await contextOf('garment', 'g28', { task: garment }), scenes),
    /expected output float32 \[3, 1\], found float32 \[3, 10\]/,
  )
  const strange = { ...pipeline.tasks['detect']!, hand: { price: ['coin'] } }
  await rejects(
    async () => run(await contextOf('detect', 's160', { task: strange }), scenes),
    /coin is not among its labels/,
  )
})

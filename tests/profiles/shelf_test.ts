/** The shelf: its models, its held-back scenes, and an answer through a coordinator. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { join } from 'node:path'
import { loadPipeline } from '../../src/cli/pipelines/load.ts'
import { ROOT } from '../../src/cli/root.ts'
import { startServing } from '../../src/cli/serve/serving.ts'
import { loadLocalCodec } from '../../src/cli/serve/codec_assets.ts'
import { createCodecs } from '../../src/stages/codecs.ts'
import type { InferAnswer } from '../../src/client/types.ts'
import { whyNotOn } from '../../src/pipeline/runs_on.ts'
import { taskPaths, variantPaths } from '../../src/pipeline/tree.ts'
import type { Leaf } from '../../src/stages/labelled.ts'
import { labelled } from '../../profiles/shelf/labelled.ts'
import { scoreThings } from '../../profiles/shelf/score.ts'

const SHELF = join(ROOT, 'profiles', 'shelf')
const SAMPLES = join(ROOT, 'demo', 'samples')
const { pipeline, models } = await loadPipeline(SHELF, () => {})

const accuracyOfPath = new Map(
  pipeline.pathAccuracy?.map(({ path, accuracy }) => [path.join(' > '), accuracy]),
)

/** What is said of how long a variant takes, for those that any processor runs. */
const onProcessors = (task: string) =>
  Object.entries(pipeline.tasks[task]!.variants)
    .filter(([, variant]) => whyNotOn(variant, {}) === undefined)

Deno.test('shelf has networks of less than 8 MB, several for each task', () => {
  ok(Object.values(models).reduce((sum, { bytes }) => sum + bytes, 0) < 8e6)
  const counts = Object.keys(pipeline.tasks).map((task) => onProcessors(task).length)
  deepEqual(counts, [4, 4, 3])
})

Deno.test('shelf: what takes longer is more accurate, for every task and every path', () => {
  for (const task of Object.keys(pipeline.tasks)) {
    const variants = onProcessors(task)
    variants.slice(1).forEach(([name, quicker], i) => {
      const [, slower] = variants[i]!
      ok(quicker.referenceMs! < slower.referenceMs!, `${name} is quicker`)
      ok(quicker.accuracy < slower.accuracy, `${name} is less accurate`)
    })
  }
  equal(accuracyOfPath.size, variantPaths(pipeline).length)
  for (const [, leaf] of taskPaths(pipeline) as [string, string][]) {
    const [detectors, readers] = [onProcessors('detect'), onProcessors(leaf)]
    detectors.forEach(([detector], i) => {
      readers.forEach(([reader], k) => {
        const own = accuracyOfPath.get(`${detector} > ${reader}`)!
        const [worseDetector] = detectors[i + 1] ?? []
        const [worseReader] = readers[k + 1] ?? []
        if (worseDetector !== undefined) {
          ok(own > accuracyOfPath.get(`${worseDetector} > ${reader}`)!, `${detector} > ${reader}`)
        }
        if (worseReader !== undefined) {
          ok(own > accuracyOfPath.get(`${detector} > ${worseReader}`)!, `${detector} > ${reader}`)
        }
      })
    })
  }
})

Deno.test('shelf: half precision and whole are a pair, the same but for their bytes', () => {
  const { s320, 's320-fp16': half } = pipeline.tasks['detect']!.variants
  equal(half!.precision, 'fp16')
  deepEqual(half!['input'], s320!['input'])
  ok(Math.abs(half!.accuracy - s320!.accuracy) < 0.01)
  ok(models[half!.model!]!.bytes < 0.6 * models[s320!.model!]!.bytes)
})

Deno.test('scoreThings() counts what is missed, misnamed, and not there', () => {
  const thing = (what: string, x: number) => {
    return { kind: 'clothes', what, box: [x, 0, x + 40, 40] as [number, number, number, number] }
  }
  const said = (label: string | null, x: number): Leaf => ({
    meta: { box: [[x, 0], [x + 40, 0], [x + 40, 40], [x, 40]] },
    fields: label === null ? null : { label },
  })
  const truths = [thing('Coat', 0), thing('Shirt', 100), thing('Dress', 200)]
  const score = scoreThings(truths, [
    ...[said('Coat', 4), said('Coat', 102), said('Bag', 300)],
    // On what is found already, and nothing said at all.
    ...[said('Coat', 1), said(null, 200)],
  ])
  deepEqual(score, { total: 5, errors: 4, truths: 3, found: 2, exact: 1 })
})

Deno.test('labelled() hands on true crops that score as faultless, and counts what there is', async () => {
  const set = await labelled()
  const codecs = createCodecs(loadLocalCodec)
  ok(set.count >= 150)
  const example = await set.example(0)
  for (const task of ['garment', 'price']) {
    const crops = await example.perfect(task, codecs) ?? []
    const { truths, found } = example.score(crops.map(({ meta }) => ({ meta, fields: {} })), task)
    ok(truths > 0)
    equal(found, truths)
    equal(crops.length, truths)
  }
  ok(Number(set.about['garments']) > 900 && Number(set.about['prices']) > 600)
})

Deno.test('a scene is answered through a coordinator: garments named, prices read', async () => {
  const serving = await startServing([SHELF])
  try {
    await serving.addNode('one')
    const response = await fetch(`${serving.localUrl}/v1/pipelines/shelf/infer`, {
      method: 'POST',
      headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': '60000' },
      body: await Deno.readFile(join(SAMPLES, 'shelf.jpg')),
    })
    equal(response.status, 200)
    const answer: InferAnswer<{ [list: string]: { [field: string]: unknown }[] }> = await response
      .json()
    const { garments, prices } = answer.outputs
    const truths = (await Deno.readTextFile(join(SAMPLES, 'shelf.txt'))).trim().split('\n')
      .map((line) => {
        const [kind, what, ...box] = line.split(' ') as [string, string, ...string[]]
        return { kind, what, box: box.map(Number) as [number, number, number, number] }
      })
    const leaves = (list: typeof garments): Leaf[] =>
      list!.map(({ box, ...fields }) => ({ meta: { box } as Leaf['meta'], fields } as Leaf))
    const tags = truths.filter(({ kind }) => kind === 'tag')
    const others = truths.filter(({ kind }) => kind !== 'tag')
    const named = scoreThings(others, leaves(garments))
    const read = scoreThings(tags, leaves(prices))
    ok(named.found >= others.length - 1 && named.exact >= 0.6 * others.length, `${named.exact}`)
    ok(read.found >= tags.length - 1 && read.exact >= 0.6 * tags.length, `${read.exact}`)
    const kinds = new Set(garments!.map(({ kind }) => kind))
    ok([...kinds].every((kind) => ['clothes', 'shoe', 'bag'].includes(String(kind))))
    equal(answer.path['garment']![Object.keys(answer.path['garment']!)[0]!], garments!.length)
    // The node runs on a processor, and was given nothing of half precision.
    ok(!Object.keys(answer.path['detect']!).some((variant) => variant.endsWith('fp16')))
    const held = serving.pool.held().flatMap((instances) => [...instances])
    ok(held.length > 0 && !held.some((instance) => instance.endsWith('fp16')))
  } finally {
    await serving.end()
  }
})

/**
 * What the `ocr` pipeline reads on rendered receipts: rows as printed and rows as read, a JSON a
 * line: `deno run -A profiles/receipt/train/read.ts --count 100 --recognise h16w400 > FILE`.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { openStudio } from '../../ocr/canvas.ts'
import { makeReceipt, randomOf } from '../../fields/receipts.ts'
import { lookOf, renderReceipt } from '../render.ts'
import { nativeEngine } from '../../../src/cli/node/native_engine.ts'
import { prepareModels } from '../../../src/cli/pipelines/prepare.ts'
import { loadLocalCodec } from '../../../src/cli/serve/codec_assets.ts'
import { createOrtModel } from '../../../src/node/engine/ort_model.ts'
import type { Pipeline } from '../../../src/pipeline/schema.ts'
import { createCodecs } from '../../../src/stages/codecs.ts'
import { textOfFound } from '../../../src/stages/generate/rows.ts'
import { stages } from '../../../src/stages/stages.ts'
import type { StageItem } from '../../../src/stages/types.ts'
import type { Point } from '../../../src/stages/box.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '7' },
    from: { type: 'string', default: '0' },
    count: { type: 'string', default: '10' },
    detect: { type: 'string', default: '736x960' },
    /** Several with commas between. */
    recognise: { type: 'string', default: 'h48w480,h16w400' },
    world: { type: 'string', default: 'training' },
  },
})

const dir = new URL('../../ocr/', import.meta.url).pathname
const pipeline = JSON.parse(await Deno.readTextFile(`${dir}pipeline.json`)) as Pipeline
const files = await prepareModels(dir)
const native = await nativeEngine(console.error)
const assets = { ort: { native: { module: native } } }
const codecs = createCodecs(loadLocalCodec)

async function reader(taskName: string, variantName: string) {
  const task = pipeline.tasks[taskName]!
  const variant = task.variants[variantName]!
  const bytes = await Deno.readFile(files[variant.model!]!.file)
  const model = await createOrtModel(bytes, assets, { backend: 'native', threads: 1 })
  const context = { task, variant, next: task.next ?? [], model, codecs, crops: 'raw' as const }
  return (items: readonly StageItem[]) => stages[task.kind!]!.run(items, context)
}

const studio = await openStudio()
if ('skip' in studio) throw new Error(`Cannot draw: ${studio.skip}`)
const detect = await reader('detect', values.detect)
const recognisers = await Promise.all(
  values.recognise.split(',').map(async (name) => [name, await reader('recognise', name)] as const),
)
const world = values.world === 'training' ? 'training' : 'held-back'
for (let n = 0; n < Number(values.count); n++) {
  const random = randomOf(Number(values.seed), Number(values.from) + n)
  const receipt = makeReceipt(random, { world, ascii: true })
  const photo = await renderReceipt(studio, receipt, random, lookOf(random, world))
  const [found] = await detect([{ meta: { type: photo.type }, bytes: photo.bytes }])
  if (found?.ok !== true) throw new Error('Cannot read: nothing was found')
  const crops = found.children['recognise']!
  for (const [name, recognise] of recognisers) {
    const lines = []
    for (let at = 0; at < crops.length; at += 8) {
      const some = crops.slice(at, at + 8)
      const results = await recognise(some)
      lines.push(
        ...results.flatMap((result, index) =>
          result.ok && result.fields !== null
            ? [{ text: String(result.fields['text']), box: some[index]!.meta['box'] as Point[] }]
            : []
        ),
      )
    }
    const printed = receipt.rows.map(({ runs }) => runs.map((run) => run.trim()))
    console.log(
      JSON.stringify({
        name,
        printed,
        read: textOfFound(lines).split('\n').map((row) => row.split('\t')),
        fields: receipt.fields,
      }),
    )
  }
}
Deno.exit(0)

/**
 * The `ocr` pipeline in a bare loop, for tests: real models, no coordinator.
 *
 * @module
 */
import { fileURLToPath } from 'node:url'
import { loadLocalCodec } from '../../src/cli/serve/codec_assets.ts'
import { prepareModels } from '../../src/cli/pipelines/prepare.ts'
import { createOrtModel, type OwnedModel } from '../../src/node/engine/ort_model.ts'
import { parsePipeline } from '../../src/pipeline/parse.ts'
import type { Pipeline } from '../../src/pipeline/schema.ts'
import { taskOf, variantOf } from '../../src/pipeline/tree.ts'
import type { Point } from '../../src/stages/box.ts'
import { createCodecs } from '../../src/stages/codecs.ts'
import { stages } from '../../src/stages/stages.ts'
import type { CropEncoding, ItemResult, StageContext, StageItem } from '../../src/stages/types.ts'

export const ocrDir = fileURLToPath(new URL('../../profiles/ocr', import.meta.url))
export const codecs = createCodecs(loadLocalCodec)

const pipelineIn = async (dir: string) =>
  parsePipeline(await Deno.readTextFile(`${dir}/pipeline.json`), `${dir}/pipeline.json`)
export const pipeline = await pipelineIn(ocrDir)

const prepared = await prepareModels(ocrDir)
const models = new Map<string, Promise<OwnedModel>>()

/** Where a model of the pipeline lies. */
export const modelFile = (name: string): string => prepared[name]!.file

function modelIn(file: string): Promise<OwnedModel> {
  let model = models.get(file)
  if (model === undefined) {
    model = Deno.readFile(file).then((bytes) => createOrtModel(bytes))
    models.set(file, model)
  }
  return model
}

/** Of the pipeline in a folder of its own, as those of other scripts are. */
export async function contextIn(
  dir: string,
  task: string,
  variant: string,
): Promise<StageContext> {
  const files = await prepareModels(dir)
  return await contextWith(await pipelineIn(dir), (name) => files[name]!.file, task, variant)
}

export const contextOf = (
  task: string,
  variant: string,
  crops: CropEncoding = 'raw',
): Promise<StageContext> => contextWith(pipeline, modelFile, task, variant, crops)

async function contextWith(
  pipeline: Pipeline,
  fileOf: (model: string) => string,
  task: string,
  variant: string,
  crops: CropEncoding = 'raw',
): Promise<StageContext> {
  return {
    task: taskOf(pipeline, task),
    variant: variantOf(pipeline, task, variant),
    next: taskOf(pipeline, task).next,
    model: await modelIn(fileOf(variantOf(pipeline, task, variant).model!)),
    codecs,
    crops,
  }
}

export async function detect(
  item: StageItem,
  variant = '480x640',
  crops: CropEncoding = 'raw',
): Promise<ItemResult> {
  const context = await contextOf('detect', variant, crops)
  return (await stages['text-detection']!.run([item], context))[0]!
}

export interface Line {
  text: string
  confidence: number
  box: Point[]
}

/** Lines of a picture in reading order, empty ones left out. */
export async function read(
  type: string,
  bytes: Uint8Array,
  detector = '480x640',
  recogniser = 'h32w480',
  crops: CropEncoding = 'raw',
): Promise<Line[]> {
  const found = await detect({ meta: { type }, bytes }, detector, crops)
  if (!found.ok) throw new Error(`Cannot read: ${found.message}`)
  const items = found.children['recognise']!
  const context = await contextOf('recognise', recogniser)
  const results = await stages['text-recognition']!.run(items, context)
  return results.flatMap((result, i) => {
    if (!result.ok) throw new Error(result.message)
    if (result.fields === null) return []
    return [{
      text: String(result.fields['text']),
      confidence: Number(result.fields['confidence']),
      box: (result.fields['box'] ?? items[i]!.meta['box']) as Point[],
    }]
  })
}

export const textOf = (lines: readonly Line[]): string => lines.map((l) => l.text).join('\n')

export const sample = (name: string): Promise<Uint8Array> => {
  return Deno.readFile(new URL(`../../demo/samples/${name}`, import.meta.url))
}

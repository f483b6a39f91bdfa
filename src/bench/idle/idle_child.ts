/**
 * The bare loop of `deno task bench idle`: a page through the same stage functions as a node's
 * (decode, pre, run, post), in a process of its own, since a model that runs would keep a
 * coordinator beside it from everything else.
 *
 * Takes the variant of each task; each line of its input is how crops are to be encoded.
 *
 * @module
 */
import { createOrtModel } from '../../node/engine/ort_model.ts'
import { taskOf, variantOf } from '../../pipeline/tree.ts'
import { createCodecs } from '../../stages/codecs.ts'
import { stages } from '../../stages/stages.ts'
import type { CropEncoding, Model, StageItem } from '../../stages/types.ts'
import { loadPipelines } from '../../cli/pipelines/load.ts'
import { loadLocalCodec } from '../../cli/serve/codec_assets.ts'
import { OCR, SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import { answerLines } from '../child.ts'

export interface BareRead {
  lines: string[]
  cropBytes: number
  tookMs: number
}

const path: Record<string, string> = JSON.parse(Deno.args[0] ?? '{}')
const { pipeline, models: files } = (await loadPipelines([OCR], () => {}))[0]!
const page = await Deno.readFile(SAMPLE_PAGE)
const codecs = createCodecs(loadLocalCodec)
const models: Record<string, Model> = {}
for (const [task, variant] of Object.entries(path)) {
  const name = variantOf(pipeline, task, variant).model ?? ''
  models[task] = await createOrtModel(await Deno.readFile(files[name]?.file ?? ''))
}

async function runTask(name: string, items: StageItem[], crops: CropEncoding) {
  const task = taskOf(pipeline, name)
  const stage = stages[task.kind ?? '']
  const model = models[name]
  if (stage === undefined || model === undefined) throw new RangeError(`Cannot run ${name}`)
  const variant = variantOf(pipeline, name, path[name] ?? '')
  return await stage.run(items, { task, variant, next: task.next, model, codecs, crops })
}

async function read(crops: CropEncoding): Promise<BareRead> {
  const startMs = performance.now()
  const [found] = await runTask('detect', [{ meta: { type: 'image/jpeg' }, bytes: page }], crops)
  if (!found?.ok) throw new Error('Cannot bench: the page was not read')
  const lines: string[] = []
  const children = found.children['recognise'] ?? []
  for (const item of children) {
    const [line] = await runTask('recognise', [item], crops)
    if (line?.ok && line.fields !== null) lines.push(String(line.fields['text']))
  }
  const cropBytes = children.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
  return { lines, cropBytes, tookMs: performance.now() - startMs }
}

await answerLines(null, read)

/**
 * A page read by the stages of `ocr` in this process: its lines as a coordinator would answer them.
 * @module
 */
import type { Line, Quad } from '../../documents/page.ts'
import { taskOf, variantOf } from '../../pipeline/tree.ts'
import { createOrtModel } from '../../node/engine/ort_model.ts'
import { createCodecs } from '../../stages/codecs.ts'
import { stages } from '../../stages/stages.ts'
import type { ItemResult, StageContext, StageItem } from '../../stages/types.ts'
import { loadPipeline } from '../pipelines/load.ts'
import { loadLocalCodec } from '../serve/codec_assets.ts'

/** Lines of a batch, as nodes that are measured here take them. */
const BATCH = 8

export interface Reader {
  read(type: string, bytes: Uint8Array): Promise<Line[]>
  /** Results of the recogniser, one for each crop. */
  recognise(crops: readonly StageItem[]): Promise<ItemResult[]>
}

/** @param path variants of `detect` and `recognise` */
export async function createReader(
  dir: string,
  path: readonly [detect: string, recognise: string],
): Promise<Reader> {
  const { pipeline, models } = await loadPipeline(dir, console.error)
  const codecs = createCodecs(loadLocalCodec)
  const contextOf = async (name: string, variantName: string): Promise<StageContext> => {
    const task = taskOf(pipeline, name)
    const variant = variantOf(pipeline, name, variantName)
    const model = await createOrtModel(await Deno.readFile(models[variant.model ?? '']!.file))
    return { task, variant, next: task.next, model, codecs, crops: 'raw' }
  }
  const detecting = await contextOf('detect', path[0])
  const recognising = await contextOf('recognise', path[1])

  async function recognise(crops: readonly StageItem[]): Promise<ItemResult[]> {
    const results: ItemResult[] = []
    for (let i = 0; i < crops.length; i += BATCH) {
      const some = crops.slice(i, i + BATCH)
      results.push(...await stages['text-recognition']!.run(some, recognising))
    }
    return results
  }

  async function read(type: string, bytes: Uint8Array): Promise<Line[]> {
    const [found] = await stages['text-detection']!.run([{ meta: { type }, bytes }], detecting)
    if (!found?.ok) throw new Error(`Cannot read: ${found?.message}`)
    const crops = found.children['recognise'] ?? []
    return (await recognise(crops)).flatMap((result, i): Line[] => {
      if (!result.ok) throw new Error(`Cannot read: ${result.message}`)
      if (result.fields === null) return []
      const { text, confidence, box = crops[i]!.meta['box'] } = result.fields
      return [{ text: String(text), confidence: Number(confidence), box: box as Quad }]
    })
  }

  return { read, recognise }
}

/**
 * Pages read by the stage functions alone (decode, pre, run, post), without coordinator or node, in a
 * process of its own: the yardstick of `deno task bench efficiency` and `idle`.
 * @module
 */
import { createOrtModel } from '../../node/engine/ort_model.ts'
import { taskOf, variantOf } from '../../pipeline/tree.ts'
import { createCodecs } from '../../stages/codecs.ts'
import { stages } from '../../stages/stages.ts'
import type { Model, StageItem } from '../../stages/types.ts'
import { loadPipelines } from '../../cli/pipelines/load.ts'
import { loadLocalCodec } from '../../cli/serve/codec_assets.ts'
import { OCR, SAMPLE_PAGE } from '../../cli/serve/serving.ts'
import { answerLines, startChild } from '../child.ts'

export interface BareOrder {
  /** Pages one after another for so long; one page where absent. */
  forMs?: number
  /** Items of a batch. */
  batch: number
}

export interface BareRun {
  items: number
  /** Texts, in their order. */
  lines: string[]
  tookMs: number
}

/** @param path the variant of each task of `ocr` */
export async function startBareLoop(path: { [task: string]: string }) {
  const child = await startChild<null>('./efficiency/bare_loop.ts', [JSON.stringify(path)])
  return { ...child, run: (order: BareOrder) => child.ask<BareRun>(order) }
}

async function createLoop(path: { [task: string]: string }) {
  const [loaded] = await loadPipelines([OCR], () => {})
  const { pipeline, models } = loaded!
  const codecs = createCodecs(loadLocalCodec)
  const page = await Deno.readFile(SAMPLE_PAGE)
  const ready: Record<string, Model> = {}
  for (const [task, variant] of Object.entries(path)) {
    const { file } = models[variantOf(pipeline, task, variant).model ?? '']!
    ready[task] = await createOrtModel(await Deno.readFile(file))
  }

  async function read(name: string, items: StageItem[], batch: number, run: BareRun) {
    const task = taskOf(pipeline, name)
    const context = {
      ...{ task, variant: variantOf(pipeline, name, path[name]!), next: task.next, codecs },
      ...{ crops: 'raw' as const, model: ready[name]! },
    }
    for (let i = 0; i < items.length; i += batch) {
      const results = await stages[task.kind ?? '']!.run(items.slice(i, i + batch), context)
      for (const result of results) {
        if (!result.ok) throw new Error(`Cannot bench: ${result.message}`)
        run.items++
        const text = result.fields?.['text']
        if (text !== undefined) run.lines.push(String(text))
        for (const [child, list] of Object.entries(result.children)) {
          await read(child, list, batch, run)
        }
      }
    }
  }

  return async ({ forMs = 0, batch }: BareOrder): Promise<BareRun> => {
    const run: BareRun = { items: 0, lines: [], tookMs: 0 }
    const startMs = performance.now()
    do {
      const item = { meta: { type: 'image/jpeg' }, bytes: page }
      await read(pipeline.root, [item], batch, run)
      run.tookMs = performance.now() - startMs
    } while (run.tookMs < forMs)
    return run
  }
}

if (import.meta.main) await answerLines(null, await createLoop(JSON.parse(Deno.args[0] ?? '{}')))

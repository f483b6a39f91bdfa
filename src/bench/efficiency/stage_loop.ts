/**
 * A page read by the stage functions alone (decode, pre, run, post), without coordinator or node:
 * the yardstick of `deno task bench efficiency`.
 *
 * @module
 */
import { createOrtModel } from '../../node/engine/ort_model.ts'
import { taskOf, variantOf } from '../../pipeline/tree.ts'
import { createCodecs } from '../../stages/codecs.ts'
import { stages } from '../../stages/stages.ts'
import type { Model, StageItem } from '../../stages/types.ts'
import { loadLocalCodec } from '../../cli/serve/codec_assets.ts'
import type { LoadedPipeline } from '../../cli/pipelines/load.ts'

/** Keeps of each task the one variant that is named: nothing is left to choose. */
export function withOneWay(loaded: LoadedPipeline, path: Record<string, string>): LoadedPipeline {
  const tasks = Object.fromEntries(
    Object.entries(loaded.pipeline.tasks).map(([name, task]) => {
      const variant = path[name] ?? ''
      return [name, { ...task, variants: { [variant]: variantOf(loaded.pipeline, name, variant) } }]
    }),
  )
  const { pathAccuracy: _, ...pipeline } = loaded.pipeline
  return { ...loaded, pipeline: { ...pipeline, tasks } }
}

/**
 * @param pipeline with one variant a task
 * @returns runs a picture through all tasks and counts its items, `batch` at a time
 */
export async function createStageLoop({ pipeline, models }: LoadedPipeline, batch: number) {
  const codecs = createCodecs(loadLocalCodec)
  const ready: Record<string, Model> = {}
  const variants = Object.fromEntries(
    Object.entries(pipeline.tasks).map(([task, own]) => [task, Object.keys(own.variants)[0]!]),
  )
  for (const [task, variant] of Object.entries(variants)) {
    const name = variantOf(pipeline, task, variant).model ?? ''
    ready[task] = await createOrtModel(await Deno.readFile(models[name]!.file))
  }

  async function run(name: string, items: StageItem[]): Promise<number> {
    const task = taskOf(pipeline, name)
    const variant = variantOf(pipeline, name, variants[name]!)
    const stage = stages[task.kind ?? '']
    if (stage === undefined) throw new RangeError(`Cannot run ${name}: no stage ${task.kind}`)
    let count = 0
    for (let i = 0; i < items.length; i += batch) {
      const some = items.slice(i, i + batch)
      const context = { task, variant, next: task.next, model: ready[name]!, codecs }
      for (const result of await stage.run(some, { ...context, crops: 'raw' })) {
        if (!result.ok) throw new Error(`Cannot bench: ${result.message}`)
        count++
        for (const [child, list] of Object.entries(result.children)) count += await run(child, list)
      }
    }
    return count
  }
  return (page: Uint8Array, type: string) => run(pipeline.root, [{ meta: { type }, bytes: page }])
}

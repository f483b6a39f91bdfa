/**
 * Processes of `deno task bench generate`: `coordinator` serves one variant of `fields`, with pages where they are asked for; `bare` generates
 * with the same model in a loop of its own, as many texts at a time as each line of its input says.
 *
 * @module
 */
import { createGenerators } from '../../node/engine/generate/create_generator.ts'
import { createOrtModel } from '../../node/engine/ort_model.ts'
import type { Backend } from '../../node/engine/engine.ts'
import { type Generated, generatingTask } from '../../pipeline/generate.ts'
import { taskOf, variantOf } from '../../pipeline/tree.ts'
import { buildAssets } from '../../cli/serve/build_assets.ts'
import { startCoordinator } from '../../cli/serve/coordinator.ts'
import { loadPipelines } from '../../cli/pipelines/load.ts'
import { nativeEngine } from '../../cli/node/native_engine.ts'
import { answerLines } from '../child.ts'
import { withOneWay } from '../efficiency/stage_loop.ts'

export interface BareRun {
  tokens: number
  tookMs: number
  /** From the beginning of each text to its first token. */
  firstMs: number[]
}

const [kind, dir = '', variantName = '', backend = 'wasm'] = Deno.args
const [loaded] = await loadPipelines([dir], () => {})
const task = generatingTask(loaded!.pipeline)!
const one = withOneWay(loaded!, { [task]: variantName })

if (kind === 'coordinator') {
  const assets = backend === 'pages' ? { assets: await buildAssets() } : {}
  const { url } = startCoordinator({ port: 0, pipelines: [one], ...assets })
  await answerLines(url, () => Promise.resolve(null))
} else {
  const variant = variantOf(one.pipeline, task, variantName)
  const bytes = await Deno.readFile(one.models[variant.model!]!.file)
  const native = backend === 'native' ? await nativeEngine(() => {}) : undefined
  const assets = native === undefined ? {} : { ort: { native: { module: native } } }
  const model = await createOrtModel(bytes, assets, { backend: backend as Backend, threads: 1 })
  const spec = { key: 'bare', hash: 'bare', task: taskOf(one.pipeline, task), variant, next: [] }
  const generator = await createGenerators()({ spec, model, bytes, compiles: false })
  await generator.warm()
  await answerLines(null, async ({ texts, atOnce }: { texts: string[]; atOnce: number }) => {
    const run: BareRun = { tokens: 0, tookMs: 0, firstMs: [] }
    const startMs = performance.now()
    let next = 0
    const client = async () => {
      while (next < texts.length) {
        const bytes = new TextEncoder().encode(texts[next++]!)
        const fromMs = performance.now()
        let firstMs: number | undefined
        const hear = () => firstMs ??= performance.now() - fromMs
        const { done } = generator.add({ meta: {}, bytes }, { hear, expiresMs: Infinity })
        const result = await done
        if (!result.ok) throw new Error(result.message)
        const { completionTokens } = result.fields as unknown as Generated
        run.tokens += completionTokens
        run.firstMs.push(firstMs ?? performance.now() - fromMs)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, client))
    run.tookMs = performance.now() - startMs
    return run
  })
}

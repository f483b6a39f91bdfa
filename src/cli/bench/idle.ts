/**
 * One page at idle: through the coordinator and a node against a bare loop of the same stage
 * functions (decode, pre, run, post) in this process, in turn, same run.
 *
 * @module
 */
import { createClient } from '../../client/client.ts'
import type { InferAnswer, OcrOutputs } from '../../client/types.ts'
import { createOrtModel } from '../../node/engine/ort_model.ts'
import { taskOf, variantOf } from '../../pipeline/tree.ts'
import { createCodecs } from '../../stages/codecs.ts'
import { stages } from '../../stages/stages.ts'
import type { CropEncoding, Model, StageItem } from '../../stages/types.ts'
import { loadLocalCodec } from '../serve/codec_assets.ts'
import { SAMPLE_PAGE, type Serving, startServing } from '../serve/serving.ts'
import { median, quantile } from '../statistics.ts'

const WARM_UP = 8
const ROUNDS = 20

/** The best path of `ocr`, run without a coordinator. Returns the lines read. */
async function bareLoop({ pipelines }: Serving, path: Record<string, string>) {
  const ocr = pipelines[0]
  if (ocr === undefined) throw new RangeError('Cannot bench: no pipeline')
  const codecs = createCodecs(loadLocalCodec)
  const models: Record<string, Model> = {}
  for (const [task, variant] of Object.entries(path)) {
    const name = variantOf(ocr.pipeline, task, variant).model ?? ''
    models[task] = await createOrtModel(await Deno.readFile(ocr.models[name]?.file ?? ''))
  }
  return async function run(
    page: Uint8Array,
    crops: CropEncoding = 'raw',
  ): Promise<{ lines: string[]; cropBytes: number }> {
    const runTask = async (name: string, items: StageItem[]) => {
      const task = taskOf(ocr.pipeline, name)
      const stage = stages[task.kind ?? '']
      const model = models[name]
      if (stage === undefined || model === undefined) throw new RangeError(`Cannot run ${name}`)
      return await stage.run(items, {
        task,
        variant: variantOf(ocr.pipeline, name, path[name] ?? ''),
        next: task.next,
        model,
        codecs,
        crops,
      })
    }
    const [found] = await runTask('detect', [{ meta: { type: 'image/jpeg' }, bytes: page }])
    if (!found?.ok) throw new Error('Cannot bench: the page was not read')
    const lines: string[] = []
    const children = found.children['recognise'] ?? []
    for (const item of children) {
      const [line] = await runTask('recognise', [item])
      if (line?.ok && line.fields !== null) lines.push(String(line.fields['text']))
    }
    return { lines, cropBytes: children.reduce((sum, { bytes }) => sum + bytes.byteLength, 0) }
  }
}

export async function benchIdle() {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const serving = await startServing()
  try {
    await serving.addNode('idle')
    const client = createClient(serving.url)
    const ask = () =>
      client.infer<OcrOutputs>('ocr', new Blob([page], { type: 'image/jpeg' }), {
        timeoutMs: 60_000,
      })
    const first = await ask()
    const path = Object.fromEntries(
      Object.entries(first.path).map(([task, by]) => [task, Object.keys(by)[0] ?? '']),
    )
    const bare = await bareLoop(serving, path)
    for (let i = 0; i < WARM_UP; i++) {
      await bare(page)
      await ask()
    }
    const bareMs: number[] = []
    const servedMs: number[] = []
    const answers: InferAnswer<OcrOutputs>[] = []
    const before = serving.pool.nodes()[0]
    for (let i = 0; i < ROUNDS; i++) {
      const startMs = performance.now()
      const { lines } = await bare(page)
      const betweenMs = performance.now()
      const answer = await ask()
      servedMs.push(performance.now() - betweenMs)
      bareMs.push(betweenMs - startMs)
      const served = answer.outputs.lines.map(({ text }) => text)
      if (served.join('\n') !== lines.join('\n')) {
        throw new Error('Cannot compare: the two read different text')
      }
      answers.push(answer)
    }
    const after = serving.pool.nodes()[0]
    const part = (name: 'queueMs' | 'networkMs' | 'computeMs') =>
      median(answers.map(({ stages }) => stages.reduce((sum, stage) => sum + stage[name], 0)))
    const result = {
      rounds: ROUNDS,
      path,
      lines: answers[0]?.outputs.lines.length,
      bareMs: { median: median(bareMs), min: Math.min(...bareMs), p90: quantile(bareMs, 0.9) },
      servedMs: {
        median: median(servedMs),
        min: Math.min(...servedMs),
        p90: quantile(servedMs, 0.9),
      },
      ratioOfMedians: median(servedMs) / median(bareMs),
      ratioOfMinima: Math.min(...servedMs) / Math.min(...bareMs),
      medianOfRatios: median(servedMs.map((ms, i) => ms / (bareMs[i] ?? NaN))),
      parts: {
        // Batches of a query run one after another on one slot, so waiting for a sibling counts.
        queueMs: part('queueMs'),
        networkMs: part('networkMs'),
        computeMs: part('computeMs'),
      },
      bytesPerPage: {
        page: page.byteLength,
        cropsRaw: (await bare(page)).cropBytes,
        cropsAsJpeg: (await bare(page, 'jpeg')).cropBytes,
        toNode: ((after?.bytesSent ?? 0) - (before?.bytesSent ?? 0)) / ROUNDS,
        fromNode: ((after?.bytesReceived ?? 0) - (before?.bytesReceived ?? 0)) / ROUNDS,
      },
    }
    console.table({
      'bare loop': result.bareMs,
      'through Shoal': result.servedMs,
    })
    console.log(`path ${Object.values(path).join(' > ')}, ${result.lines} lines`)
    console.log(
      `ratio of medians ${result.ratioOfMedians.toFixed(3)}, ` +
        `of minima ${result.ratioOfMinima.toFixed(3)}, ` +
        `median of pairs ${result.medianOfRatios.toFixed(3)}`,
    )
    console.log('sum over the batches of a page, median:', result.parts)
    console.log('bytes per page:', result.bytesPerPage)
    return result
  } finally {
    await serving.end()
  }
}

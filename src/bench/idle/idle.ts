/**
 * One page at idle: through the coordinator and a node against a bare loop of the same stage
 * functions (decode, pre, run, post) in a process of its own, in turn, same run.
 *
 * @module
 */
import { createClient } from '../../client/client.ts'
import type { InferAnswer, OcrOutputs } from '../../client/types.ts'
import type { CropEncoding } from '../../stages/types.ts'
import { SAMPLE_PAGE, startServing } from '../../cli/serve/serving.ts'
import { median, quantile } from '../../cli/statistics.ts'
import { type BenchChild, startChild } from '../child.ts'
import type { BareRead } from './idle_child.ts'

const WARM_UP = 8
const ROUNDS = 20

export async function benchIdle() {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const serving = await startServing()
  let child: BenchChild<null> | undefined
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
    const variantsOf = ({ path }: InferAnswer<OcrOutputs>) =>
      Object.values(path).flatMap((by) => Object.keys(by)).join(' > ')
    child = await startChild<null>('./idle/idle_child.ts', [JSON.stringify(path)])
    const bare = (crops: CropEncoding = 'raw') => child!.ask<BareRead>(crops)
    for (let i = 0; i < WARM_UP; i++) {
      await bare()
      await ask()
    }
    const bareMs: number[] = []
    const servedMs: number[] = []
    const answers: InferAnswer<OcrOutputs>[] = []
    const before = serving.pool.nodes()[0]
    const runBare = async () => {
      const { lines, tookMs } = await bare()
      bareMs.push(tookMs)
      return lines
    }
    const runServed = async () => {
      const startMs = performance.now()
      const answer = await ask()
      servedMs.push(performance.now() - startMs)
      if (variantsOf(answer) !== variantsOf(first)) {
        throw new Error(`Cannot compare: read by ${variantsOf(answer)}, not ${variantsOf(first)}`)
      }
      answers.push(answer)
      return answer.outputs.lines.map(({ text }) => text)
    }
    for (let i = 0; i < ROUNDS; i++) {
      // Each is first every other time: a machine that grows slower favours who is.
      const [one, other] = i % 2 === 0 ? [runBare, runServed] : [runServed, runBare]
      if ((await one()).join('\n') !== (await other()).join('\n')) {
        throw new Error('Cannot compare: the two read different text')
      }
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
        cropsRaw: (await bare()).cropBytes,
        cropsAsJpeg: (await bare('jpeg')).cropBytes,
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
    await child?.end()
    await serving.end()
  }
}

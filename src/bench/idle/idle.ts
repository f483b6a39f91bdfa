/**
 * One page at idle: through the coordinator and a node against a bare loop of the same stage
 * functions (decode, pre, run, post) in a process of its own, in turn, same run.
 * @module
 */
import { createClient } from '../../client/client.ts'
import type { InferAnswer, OcrOutputs } from '../../client/types.ts'
import { SAMPLE_PAGE, startServing } from '../../cli/serve/serving.ts'
import { median } from '../../cli/statistics.ts'
import { startBareLoop } from '../efficiency/bare_loop.ts'
import { ending, inTurn, sumOf } from '../tools.ts'

const WARM_UP = 8
const ROUNDS = 20

type Answer = InferAnswer<OcrOutputs>

const variantsOf = ({ path }: Answer) =>
  Object.values(path).flatMap((by) => Object.keys(by)).join(' > ')

export async function bench() {
  const page = await Deno.readFile(SAMPLE_PAGE)
  const serving = await startServing()
  await using _ = ending(serving)
  await serving.addNode('idle')
  const client = createClient(serving.url)
  const served = async () => {
    const startMs = performance.now()
    const picture = new Blob([page], { type: 'image/jpeg' })
    const answer = await client.infer<OcrOutputs>('ocr', picture, { timeoutMs: 60_000 })
    return { answer, tookMs: performance.now() - startMs }
  }
  const { answer: first } = await served()
  const path = Object.fromEntries(
    Object.entries(first.path).map(([task, by]) => [task, Object.keys(by)[0] ?? '']),
  )
  const loop = await startBareLoop(path)
  await using _loop = ending(loop)
  const bare = () => loop.run({ batch: 1 })
  await inTurn(WARM_UP, { bare, served })
  const before = serving.pool.nodes()[0]
  const rounds = await inTurn(ROUNDS, { bare, served })
  const after = serving.pool.nodes()[0]
  for (const { bare: { lines }, served: { answer } } of rounds) {
    if (variantsOf(answer) !== variantsOf(first)) {
      throw new Error(`Cannot compare: read by ${variantsOf(answer)}, not ${variantsOf(first)}`)
    }
    if (lines.join('\n') !== answer.outputs.lines.map(({ text }) => text).join('\n')) {
      throw new Error('Cannot compare: the two read different text')
    }
  }
  const bareMs = rounds.map(({ bare }) => bare.tookMs)
  const servedMs = rounds.map(({ served }) => served.tookMs)
  const part = (name: 'networkMs' | 'computeMs') =>
    median(rounds.map(({ served }) => sumOf(served.answer.stages.map((stage) => stage[name]))))
  const perPage = (of: 'bytesSent' | 'bytesReceived') =>
    ((after?.[of] ?? 0) - (before?.[of] ?? 0)) / ROUNDS
  const result = {
    ...{ rounds: ROUNDS, lines: first.outputs.lines.length },
    ...{ servedMs: median(servedMs), bareMs: median(bareMs) },
    ratioOfMedians: median(servedMs) / median(bareMs),
    ratioOfMinima: Math.min(...servedMs) / Math.min(...bareMs),
    medianOfRatios: median(rounds.map(({ bare, served }) => served.tookMs / bare.tookMs)),
    // Batches of a query run one after another on one slot, so waiting for a sibling counts.
    ...{ computeMs: part('computeMs'), networkMs: part('networkMs') },
    ...{ pageBytes: page.byteLength, bytesToNode: perPage('bytesSent') },
    bytesFromNode: perPage('bytesReceived'),
  }
  console.table(result)
  return result
}

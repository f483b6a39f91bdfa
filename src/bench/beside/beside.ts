/**
 * `deno task bench beside`: a page at idle, through Shoal on WebAssembly and on the native engine,
 * against `@gutenye/ocr-node`, a library that reads with the same models in native code. Both warm,
 * in turn, same run; the library is installed in a temporary folder.
 *
 * @module
 */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { createClient } from '../../client/client.ts'
import type { InferAnswer, OcrOutputs } from '../../client/types.ts'
import { installInto, nativeEngine } from '../../cli/node/native_engine.ts'
import { firstSlots } from '../../cli/serve/local_nodes.ts'
import { OCR, SAMPLE_PAGE, startServing } from '../../cli/serve/serving.ts'
import { median } from '../../cli/statistics.ts'
import { type BenchChild, cpuSeconds, startChild } from '../child.ts'

export const LIBRARY = { '@gutenye/ocr-node': '1.4.8' }
/** Of its own process, since a model that runs would keep a coordinator beside it from all else. */
const READER = (child: string) =>
  `import Ocr from '@gutenye/ocr-node'
import { answerLines } from '${child}'
const ocr = await Ocr.create()
await answerLines(null, async (page) => {
  const startMs = performance.now()
  const lines = await ocr.detect(page)
  return { lines: lines.length, tookMs: performance.now() - startMs }
})
`

const BACKENDS = ['wasm', 'native'] as const
const WARM_UP = 5
const ROUNDS = 10
/** The machine may be busy, and what is asked is how long it takes. */
const TIMEOUT_MS = 60_000

/** A node that takes less than this share of a processor for so long has measured what it wants. */
const IDLE_SHARE = 0.05
const LOOK_MS = 2000
const MOST_MEASURING_MS = 120_000

interface Read {
  lines: number
  tookMs: number
}

export async function benchBeside() {
  const dir = await Deno.makeTempDir({ prefix: 'shoal-beside-' })
  let library: BenchChild<null> | undefined
  try {
    console.log(`installing ${Object.entries(LIBRARY).flat().join(' ')} in a temporary folder`)
    await installInto(dir, LIBRARY)
    const entry = join(dir, 'reader.mjs')
    await Deno.writeTextFile(entry, READER(new URL('../child.ts', import.meta.url).href))
    library = await startChild<null>(pathToFileURL(entry).href)
    await nativeEngine((line) => console.log(line))
    const result: Record<string, Awaited<ReturnType<typeof compare>>> = {}
    for (const backend of BACKENDS) result[backend] = await compare(backend, library)
    console.table(result)
    return { rounds: ROUNDS, ...result }
  } finally {
    await library?.end()
    await Deno.remove(dir, { recursive: true })
  }
}

async function compare(backend: typeof BACKENDS[number], library: BenchChild<null>) {
  const page = new Blob([await Deno.readFile(SAMPLE_PAGE)], { type: 'image/jpeg' })
  const serving = await startServing([OCR])
  try {
    const first = ['--first-slots', String(firstSlots(1))]
    const { pid } = await serving.addNode(
      'beside',
      ['--backend', backend, '--gpu', 'off', ...first],
    )
    await untilIdle(pid)
    const client = createClient(serving.url)
    const answers: InferAnswer<OcrOutputs>[] = []
    const servedMs: number[] = []
    const libraryMs: number[] = []
    const runs = [
      async () => {
        const startMs = performance.now()
        answers.push(await client.infer<OcrOutputs>('ocr', page, { timeoutMs: TIMEOUT_MS }))
        servedMs.push(performance.now() - startMs)
      },
      async () => void libraryMs.push((await library.ask<Read>(SAMPLE_PAGE)).tookMs),
    ]
    for (let i = 0; i < WARM_UP + ROUNDS; i++) {
      if (i === WARM_UP) {
        for (const figures of [answers, servedMs, libraryMs]) figures.length = 0
      }
      // Each is first every other time: a machine that grows slower favours who is.
      for (const run of i % 2 === 0 ? runs : runs.toReversed()) await run()
    }
    const [node] = serving.pool.nodes()
    const part = (task: string, of: (ms: InferAnswer<OcrOutputs>['stages'][number]) => number) =>
      Math.round(
        median(
          answers.map(({ stages }) =>
            Math.max(...stages.filter((one) => one.task === task).map(of))
          ),
        ),
      )
    return {
      ratio: Number((median(servedMs) / median(libraryMs)).toFixed(3)),
      servedMs: Math.round(median(servedMs)),
      libraryMs: Math.round(median(libraryMs)),
      slots: node?.slots,
      threads: node?.threadsPerRun,
      accuracy: Math.min(...answers.map(({ accuracy }) => accuracy)),
      detectMs: part('detect', ({ computeMs }) => computeMs),
      longestReadMs: part('recognise', ({ computeMs }) => computeMs),
      readBatches: answers.at(-1)?.stages.filter(({ task }) => task === 'recognise').length,
    }
  } finally {
    await serving.end()
  }
}

/** A node measures while nobody asks: that would take time from the library. */
export async function untilIdle(pid: number): Promise<void> {
  let beforeS = cpuSeconds(pid)
  for (let waitedMs = 0; waitedMs < MOST_MEASURING_MS; waitedMs += LOOK_MS) {
    await pause(LOOK_MS)
    const nowS = cpuSeconds(pid)
    if (nowS - beforeS < IDLE_SHARE * LOOK_MS / 1000) return
    beforeS = nowS
  }
}

/**
 * The same pages, one after the other and by each in turn, on a machine that does nothing else: Shoal's
 * pipeline by one node, `@gutenye/ocr-node`, which reads with the same models in native code, and
 * Tesseract. One thread each.
 * @module
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createClient } from '../../client/client.ts'
import { plainText } from '../../documents/output/plain_text.ts'
import type { Page } from '../../documents/page.ts'
import { installInto, nativeEngine } from '../../cli/node/native_engine.ts'
import { startServing } from '../../cli/serve/serving.ts'
import { cpuSeconds, startChild } from '../child.ts'
import { ending, outputOf, pause } from '../tools.ts'
import type { BenchPage } from './pages.ts'
import { PIPELINE } from './pool.ts'
import { allOf, type Read, readOf } from './score.ts'

interface Peer {
  name: string
  /** Its text, in the order in which it says that it is read. */
  read(file: string, jpeg: Uint8Array<ArrayBuffer>): Promise<string>
  /** Seconds of processor until now, of whatever reads. */
  processorS(): number
  end(): Promise<unknown>
}

const TIMEOUT_MS = 120_000
/** A node that takes less than this share of a processor for so long has measured what it wants. */
const IDLE_SHARE = 0.05
const LOOK_MS = 2000
const MOST_MEASURING_MS = 120_000

const LIBRARY = { '@gutenye/ocr-node': '1.4.8' }
/** Of its own process, since a model that runs would keep all else beside it. */
const READER = (child: string) =>
  `import Ocr from '@gutenye/ocr-node'
import { answerLines } from '${child}'
const ocr = await Ocr.create({ onnxOptions: { intraOpNumThreads: 1, interOpNumThreads: 1 } })
await answerLines(null, async (page) => (await ocr.detect(page)).map(({ text }) => text).join('\\n'))
`

async function startShoal(backend: 'wasm' | 'native'): Promise<Peer> {
  if (backend === 'native') await nativeEngine((line) => console.log(line))
  const serving = await startServing([PIPELINE])
  const options = ['--slots', '1', '--threads', '1', '--gpu', 'off', '--backend', backend]
  const { pid } = await serving.addNode(`peer-${backend}`, options)
  await untilIdle(pid)
  const client = createClient(serving.url)
  return {
    name: `Shoal, one node, ${backend === 'wasm' ? 'WebAssembly' : 'native'}`,
    async read(_, jpeg) {
      const page = new Blob([jpeg], { type: 'image/jpeg' })
      const asked = client.infer<{ pages: Page[] }>('documents', page, { timeoutMs: TIMEOUT_MS })
      return [...plainText((await asked).outputs.pages)].join('')
    },
    processorS: () => cpuSeconds(pid) + cpuSeconds(Deno.pid),
    end: () => serving.end(),
  }
}

/** A node measures while it has nothing to do: that would take time from the others. */
async function untilIdle(pid: number): Promise<void> {
  let beforeS = cpuSeconds(pid)
  for (let waitedMs = 0; waitedMs < MOST_MEASURING_MS; waitedMs += LOOK_MS) {
    await pause(LOOK_MS)
    const nowS = cpuSeconds(pid)
    if (nowS - beforeS < IDLE_SHARE * LOOK_MS / 1000) return
    beforeS = nowS
  }
}

async function startLibrary(dir: string): Promise<Peer> {
  const name = Object.entries(LIBRARY).flat().join(' ')
  console.log(`installing ${name} in a temporary folder`)
  await installInto(dir, LIBRARY)
  const entry = join(dir, 'reader.mjs')
  await Deno.writeTextFile(entry, READER(new URL('../child.ts', import.meta.url).href))
  const { pid, ask, end } = await startChild<null>(pathToFileURL(entry).href)
  return { name, read: (file) => ask<string>(file), processorS: () => cpuSeconds(pid), end }
}

/** Pages turned by quarters are found; the pictures do not say their dots an inch. */
const TESSERACT_FLAGS = ['--psm', '1', '--dpi', '120', '-l', 'eng']

/** As distributions package it. */
async function startTesseract(): Promise<Peer> {
  const run = (...args: string[]) => outputOf('tesseract', args, { OMP_THREAD_LIMIT: '1' })
  return {
    name: (await run('--version')).split('\n')[0]!.trim(),
    read: (file) => run(file, 'stdout', ...TESSERACT_FLAGS),
    processorS: () => cpuSeconds('self', true),
    end: () => Promise.resolve(),
  }
}

export type Peers = Awaited<ReturnType<typeof comparePeers>>

/** @param pages of which the first is read once before, unmeasured */
export async function comparePeers(pages: readonly BenchPage[]) {
  const dir = await Deno.makeTempDir({ prefix: 'shoal-peers-' })
  await using _dir = ending({ end: () => Deno.remove(dir, { recursive: true }) })
  const peers: Peer[] = []
  await using _ = ending({ end: () => Promise.all(peers.map((peer) => peer.end())) })
  for (const backend of ['wasm', 'native'] as const) peers.push(await startShoal(backend))
  peers.push(await startLibrary(dir), await startTesseract())
  const fileOf = (index: number) => join(dir, `${index}.jpg`)
  for (const [i, { jpeg }] of pages.entries()) await Deno.writeFile(fileOf(i), jpeg)
  for (const peer of peers) await peer.read(fileOf(0), pages[0]!.jpeg)
  const taken = peers.map(() => ({ wallS: 0, processorS: 0, upright: [], turned: [] } as Taken))
  for (const [i, page] of pages.entries()) {
    console.log(`page ${i + 1} of ${pages.length}: ${page.kind}`)
    for (const [k, peer] of peers.entries()) await take(peer, fileOf(i), page, taken[k]!)
  }
  return taken.map(({ wallS, processorS, upright, turned }, k) => ({
    /** Pages that lie upright, and those that do not. */
    ...{ name: peers[k]!.name, upright: allOf(upright), turned: allOf(turned) },
    secondsAPage: wallS / pages.length,
    processorSecondsAPage: processorS / pages.length,
  }))
}

interface Taken {
  wallS: number
  processorS: number
  upright: Read[]
  turned: Read[]
}

async function take(peer: Peer, file: string, page: BenchPage, taken: Taken): Promise<void> {
  const [startMs, startS] = [performance.now(), peer.processorS()]
  const text = await peer.read(file, page.jpeg)
  taken.wallS += (performance.now() - startMs) / 1000
  taken.processorS += peer.processorS() - startS
  const reads = page.kind.startsWith('turned') ? taken.turned : taken.upright
  reads.push(readOf(text, page.text))
}

/**
 * The same pages, one after the other and by each in turn, on a machine that does nothing else: Shoal's
 * pipeline by one node, `@gutenye/ocr-node`, which reads with the same models in native code, and
 * Tesseract. One thread each.
 *
 * @module
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createClient } from '../../client/client.ts'
import { plainText } from '../../documents/output/plain_text.ts'
import type { Page } from '../../documents/page.ts'
import { installInto, nativeEngine } from '../../cli/node/native_engine.ts'
import { startServing } from '../../cli/serve/serving.ts'
import { LIBRARY, untilIdle } from '../beside/beside.ts'
import { type BenchChild, cpuSeconds, startChild } from '../child.ts'
import type { BenchPage } from './pages.ts'
import { PIPELINE } from './pool.ts'
import { type Read, readOf, sumOf } from './score.ts'
import { findTesseract } from './tesseract.ts'

export interface PeerRow {
  name: string
  /** Wall clock and processor, of a page on average. */
  secondsAPage: number
  processorSecondsAPage: number
  /** Of pages that lie upright, and of those that do not. */
  upright: Read
  turned: Read
}

interface Peer {
  name: string
  /** Its text, in the order in which it says that it is read. */
  read(file: string, jpeg: Uint8Array<ArrayBuffer>): Promise<string>
  /** Seconds of processor until now, of whatever reads. */
  processorS(): number
  end(): Promise<unknown>
}

const TIMEOUT_MS = 120_000

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

async function startLibrary(dir: string): Promise<Peer> {
  console.log(`installing ${Object.entries(LIBRARY).flat().join(' ')} in a temporary folder`)
  await installInto(dir, LIBRARY)
  const entry = join(dir, 'reader.mjs')
  await Deno.writeTextFile(entry, READER(new URL('../child.ts', import.meta.url).href))
  const child: BenchChild<null> = await startChild(pathToFileURL(entry).href)
  return {
    name: Object.entries(LIBRARY).flat().join(' '),
    read: (file) => child.ask<string>(file),
    processorS: () => cpuSeconds(child.pid),
    end: () => child.end(),
  }
}

async function startTesseract(): Promise<Peer> {
  const { version, read, processorS } = await findTesseract()
  return { name: version, read, processorS, end: () => Promise.resolve() }
}

export interface Peers {
  pages: number
  rows: PeerRow[]
  /** Those that are not here, and why. */
  absent: string[]
}

/** @param pages of which the first is read once before, unmeasured */
export async function comparePeers(pages: readonly BenchPage[]): Promise<Peers> {
  const dir = await Deno.makeTempDir({ prefix: 'shoal-peers-' })
  const peers: Peer[] = []
  const absent: string[] = []
  try {
    const starts: { [name: string]: () => Promise<Peer> } = {
      'Shoal on WebAssembly': () => startShoal('wasm'),
      'Shoal on the native engine': () => startShoal('native'),
      '@gutenye/ocr-node': () => startLibrary(dir),
      'Tesseract': startTesseract,
    }
    for (const [name, start] of Object.entries(starts)) {
      await start().then((peer) => peers.push(peer), ({ message }) => {
        absent.push(`${name} cannot be run: ${message}`)
      })
    }
    const files = await Promise.all(pages.map(async ({ jpeg }, i) => {
      const file = join(dir, `${i}.jpg`)
      await Deno.writeFile(file, jpeg)
      return file
    }))
    for (const peer of peers) await peer.read(files[0]!, pages[0]!.jpeg)
    const taken = peers.map(() => ({ wallS: 0, processorS: 0, upright: [], turned: [] } as Taken))
    for (const [i, page] of pages.entries()) {
      console.log(`page ${i + 1} of ${pages.length}: ${page.kind}`)
      for (const [k, peer] of peers.entries()) await take(peer, files[i]!, page, taken[k]!)
    }
    const rows = peers.map(({ name }, k): PeerRow => {
      const { wallS, processorS, upright, turned } = taken[k]!
      return {
        ...{ name, upright: sumOf(upright), turned: sumOf(turned) },
        secondsAPage: wallS / pages.length,
        processorSecondsAPage: processorS / pages.length,
      }
    })
    return { pages: pages.length, rows, absent }
  } finally {
    for (const peer of peers) await peer.end()
    await Deno.remove(dir, { recursive: true })
  }
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

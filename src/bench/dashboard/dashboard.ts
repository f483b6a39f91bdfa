/**
 * `deno task bench dashboard`: what the dashboard costs its browser and its link, by the number of
 * nodes. Links are real, nodes simulated; Chromium draws with the processor.
 * @module
 */
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { checkPipeline } from '../../pipeline/parse.ts'
import { buildAssets } from '../../cli/serve/build_assets.ts'
import { startCoordinator } from '../../cli/serve/coordinator.ts'
import { OCR } from '../../cli/serve/serving.ts'
import { startChild } from '../child.ts'
import { withChromium } from '../chromium.ts'
import { ending, round, until } from '../tools.ts'

const NODES = [10, 100, 1000]
/** Queries a second with the most nodes, and with fewer in proportion. */
const RATE_PER_S = 40
const SETTLE_MS = 8000
/** So long that what is asked for each minute comes once. */
const WATCH_MS = 60_000
const PATIENCE_MS = 60_000
/** Links may fall silent: a busy machine does not keep a thousand links, and the page is measured. */
const LINK = { heartbeatMs: 2000, doubtMs: 30_000, silenceMs: 120_000 }

export async function bench() {
  return await withChromium(async (browser) => {
    const rows = []
    for (const nodes of NODES) {
      rows.push(await watch(browser, nodes, Math.max(1, RATE_PER_S * nodes / NODES.at(-1)!)))
    }
    return rows
  })
}

interface Timed {
  accuracy: number
  fanOut?: object
  referenceMs: number
}

/** The pipeline of `ocr` with its measured times, and no models to load. */
async function simulatedOcr() {
  const { schema, name, sloMs, root, output, pathAccuracy, tasks: all } = JSON.parse(
    await Deno.readTextFile(join(OCR, 'pipeline.json')),
  )
  type Tasks = { [task: string]: { next: string[]; variants: { [variant: string]: Timed } } }
  const tasks = Object.entries(all as Tasks).map(([task, { next, variants }]) => {
    const timed = Object.entries(variants).map((
      [variant, { accuracy, fanOut, referenceMs }],
    ) => [variant, { accuracy, fanOut, referenceMs }])
    return [task, { next, variants: Object.fromEntries(timed) }]
  })
  const bare = { schema, name, sloMs, root, output, pathAccuracy, tasks: Object.fromEntries(tasks) }
  // As from a file: what is undefined is not there.
  return checkPipeline(JSON.parse(JSON.stringify(bare)), 'bench')
}

async function watch(browser: Browser, nodes: number, ratePerS: number) {
  const coordinator = startCoordinator({
    ...{ port: 0, link: LINK, assets: await buildAssets() },
    pipelines: [{ dir: '', pipeline: await simulatedOcr(), models: {} }],
  })
  const args = [coordinator.url, String(nodes), String(ratePerS)]
  const child = await startChild('./dashboard/dashboard_nodes.ts', args)
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await using _ = ending({ end: () => page.close() }, child, { end: () => coordinator.close(1000) })
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Performance.enable')
  let bytes = 0
  const streams = new Set<string>()
  session.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (request.url.endsWith('/v1/events')) streams.add(requestId)
  })
  session.on('Network.dataReceived', ({ requestId, dataLength, encodedDataLength }) => {
    // As it came over the wire where the browser tells, else as the page sees it.
    const size = encodedDataLength > 0 ? encodedDataLength : dataLength
    if (streams.has(requestId)) bytes += size
  })
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (!streams.has(requestId)) bytes += encodedDataLength
  })
  await page.goto(coordinator.url)
  let shown = 0
  const drawn = async () => {
    shown = await page.locator('#classes [data-node]').count()
    return shown === nodes
  }
  const fault = () => `Cannot bench: the page shows ${shown} of ${nodes} nodes`
  await until(drawn, { limitMs: PATIENCE_MS, everyMs: 200, fault })
  const firstBytes = bytes
  await page.waitForTimeout(SETTLE_MS)
  const busy = async () => {
    const { metrics } = await session.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration')!.value
  }
  const [busyBefore, bytesBefore] = [await busy(), bytes]
  const frames = await framesOf(page)
  const seconds = frames.passedMs / 1000
  return {
    ...{ nodes, ratePerS, firstBytes, framesPerS: round(frames.count / seconds, 1) },
    longestMs: round(frames.longestMs),
    // Of the page's main thread.
    busyRatio: round((await busy() - busyBefore) / seconds, 3),
    bytesPerS: round((bytes - bytesBefore) / seconds),
  }
}

/** How many frames the page draws in a while, and the longest time between two. */
const framesOf = (page: Page) =>
  page.evaluate(
    (watchMs) =>
      new Promise<{ count: number; passedMs: number; longestMs: number }>((done) => {
        const startMs = performance.now()
        let [count, lastMs, longestMs] = [0, startMs, 0]
        const frame = () => {
          const nowMs = performance.now()
          longestMs = Math.max(longestMs, nowMs - lastMs)
          lastMs = nowMs
          count++
          if (nowMs - startMs < watchMs) requestAnimationFrame(frame)
          else done({ count, passedMs: nowMs - startMs, longestMs })
        }
        requestAnimationFrame(frame)
      }),
    WATCH_MS,
  )

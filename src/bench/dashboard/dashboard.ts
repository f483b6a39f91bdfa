/**
 * `deno task bench dashboard`: what the dashboard costs its browser and its link, by the number of
 * nodes. Links are real, nodes simulated; Chromium draws with the processor.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { checkPipeline } from '../../pipeline/parse.ts'
import { buildAssets } from '../../cli/serve/build_assets.ts'
import { findChromium, launchChromium } from '../../cli/chromium.ts'
import { startCoordinator } from '../../cli/serve/coordinator.ts'
import { OCR } from '../../cli/serve/serving.ts'
import { startChild } from '../child.ts'
import type { QueriesTold } from './dashboard_nodes.ts'

const NODES = [10, 100, 1000]
/** Queries a second with the most nodes, and with fewer in proportion. */
const RATE_PER_S = 40
const SETTLE_MS = 8000
/** So long that what is asked for each minute comes once. */
const WATCH_MS = 60_000
const PATIENCE_MS = 60_000
/** The page is measured, not how a busy machine keeps a thousand links: those are let be silent. */
const LINK = { heartbeatMs: 2000, doubtMs: 30_000, silenceMs: 120_000 }

interface Row {
  nodes: number
  ratePerS: number
  framesPerS: number
  /** The longest time between two frames. */
  longestMs: number
  /** Of the page's main thread. */
  busyRatio: number
  bytesPerS: number
  streamBytesPerS: number
  /** Until the page first shows every node. */
  firstBytes: number
  /** Of the queries that the page was shown, those that got a result. */
  answeredRatio: number
}

export async function benchDashboard(): Promise<Row[]> {
  const executable = await findChromium()
  if (executable === undefined) {
    console.log('skipped: no Chromium')
    return []
  }
  const browser = await launchChromium(executable)
  const rows: Row[] = []
  try {
    for (const nodes of NODES) {
      rows.push(await watch(browser, nodes, Math.max(1, RATE_PER_S * nodes / NODES.at(-1)!)))
    }
  } finally {
    await browser.close()
  }
  console.table(rows)
  return rows
}

/** The pipeline of `ocr` with its measured times, and no models to load. */
export async function simulatedOcr() {
  const file = JSON.parse(await readFile(join(OCR, 'pipeline.json'), 'utf8'))
  const tasks = file.tasks as Record<string, {
    next: string[]
    variants: Record<string, { accuracy: number; fanOut?: unknown; referenceMs: number }>
  }>
  const referenceMs: Record<string, number> = {}
  for (const { variants } of Object.values(tasks)) {
    for (const [name, { referenceMs: ms }] of Object.entries(variants)) referenceMs[name] = ms
  }
  const bare = Object.fromEntries(
    Object.entries(tasks).map(([task, { next, variants }]) => [task, {
      next,
      variants: Object.fromEntries(
        Object.entries(variants).map(([name, { accuracy, fanOut, referenceMs }]) => [
          name,
          { accuracy, referenceMs, ...fanOut === undefined ? {} : { fanOut } },
        ]),
      ),
    }]),
  )
  const { schema, name, sloMs, root, output, pathAccuracy } = file
  const pipeline = checkPipeline(
    { schema, name, sloMs, root, output, pathAccuracy, tasks: bare },
    'bench',
  )
  return { pipeline, referenceMs }
}

/** Resolves when the page shows that many nodes. @throws Error with what it shows instead */
async function shows(page: Page, nodes: number): Promise<void> {
  const giveUpMs = performance.now() + PATIENCE_MS
  for (;;) {
    const shown = await page.locator('#classes [data-node]').count()
    if (shown === nodes) return
    if (performance.now() > giveUpMs) {
      throw new Error(`Cannot bench: the page shows ${shown} of ${nodes} nodes`)
    }
    await page.waitForTimeout(200)
  }
}

async function watch(browser: Browser, nodes: number, ratePerS: number): Promise<Row> {
  const { pipeline, referenceMs } = await simulatedOcr()
  const coordinator = startCoordinator({
    ...{
      port: 0,
      link: LINK,
      assets: await buildAssets(),
      pipelines: [{ dir: '', pipeline, models: {} }],
    },
  })
  const child = await startChild('./dashboard/dashboard_nodes.ts', [
    ...[coordinator.url, String(nodes), String(ratePerS), JSON.stringify(referenceMs)],
  ])
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  try {
    const session = await page.context().newCDPSession(page)
    await session.send('Network.enable')
    await session.send('Performance.enable')
    let bytes = 0
    let streamBytes = 0
    const streams = new Set<string>()
    session.on('Network.requestWillBeSent', ({ requestId, request }) => {
      if (request.url.endsWith('/v1/events')) streams.add(requestId)
    })
    session.on('Network.dataReceived', ({ requestId, dataLength, encodedDataLength }) => {
      if (!streams.has(requestId)) return
      // As it came over the wire where the browser tells, else as the page sees it.
      const size = encodedDataLength > 0 ? encodedDataLength : dataLength
      bytes += size
      streamBytes += size
    })
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (!streams.has(requestId)) bytes += encodedDataLength
    })
    await page.goto(coordinator.url)
    await shows(page, nodes)
    const firstBytes = bytes
    await page.waitForTimeout(SETTLE_MS)
    const busy = async () => {
      const { metrics } = await session.send('Performance.getMetrics')
      return metrics.find(({ name }) => name === 'TaskDuration')!.value
    }
    const [busyBefore, bytesBefore, streamBefore] = [await busy(), bytes, streamBytes]
    const frames = await page.evaluate(
      (watchMs) =>
        new Promise<{ count: number; passedMs: number; longestMs: number }>((done) => {
          const startMs = performance.now()
          let count = 0
          let lastMs = startMs
          let longestMs = 0
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
    const seconds = frames.passedMs / 1000
    const { asked, answered } = await child.ask<QueriesTold>(null)
    const round = (value: number, digits = 0) => Number(value.toFixed(digits))
    return {
      ...{ nodes, ratePerS, firstBytes },
      framesPerS: round(frames.count / seconds, 1),
      longestMs: round(frames.longestMs),
      busyRatio: round((await busy() - busyBefore) / seconds, 3),
      bytesPerS: round((bytes - bytesBefore) / seconds),
      streamBytesPerS: round((streamBytes - streamBefore) / seconds),
      answeredRatio: round(answered / Math.max(asked, 1), 3),
    }
  } finally {
    await page.close()
    await child.end()
    await coordinator.close(1000)
  }
}

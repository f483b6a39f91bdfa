/**
 * `deno task bench join`: whether the join page keeps what it promises while its tab serves more
 * load than it can carry: the share of a processor asked for, and a page that answers at once.
 *
 * @module
 */
import type { Browser, Page } from 'playwright-core'
import { buildAssets } from '../../cli/serve/build_assets.ts'
import { findChromium, launchChromium } from '../../cli/chromium.ts'
import { OCR, SAMPLE_PAGE, type Serving, startServing } from '../../cli/serve/serving.ts'
import { waitedSeconds } from '../duty/duty.ts'

const DUTIES = [25, 50, 100]
/** Until the tab holds all that is served. */
const PATIENCE_MS = 120_000
const SETTLE_MS = 8000
const WINDOW_MS = 20_000
const CLIENTS = 4
/** Also a node that rests three quarters of the time answers within this. */
const TIMEOUT_MS = '60000'
const LONG_MS = 50

export async function benchJoin() {
  const executable = await findChromium()
  if (executable === undefined) {
    console.log('skipped: no Chromium')
    return []
  }
  const assets = await buildAssets()
  const rows = []
  for (const duty of DUTIES) {
    const serving = await startServing([OCR], { assets })
    const browser = await launchChromium(executable)
    try {
      rows.push(await watch(browser, serving, duty))
    } finally {
      await browser.close()
      await serving.end()
    }
  }
  console.table(rows)
  return rows
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

async function watch(browser: Browser, serving: Serving, duty: number) {
  const page = await browser.newPage()
  await page.goto(`${serving.url}/node`)
  await page.getByLabel('Name shown to others').fill('tab')
  await page.getByLabel('Share of the time').fill(String(duty))
  await page.getByLabel('Pause while other programs').uncheck()
  await page.getByRole('button', { name: /join/i }).click()
  const variants = 9
  const held = () => serving.pool.nodes()[0]?.instances ?? 0
  const giveUpMs = performance.now() + PATIENCE_MS
  while (held() < variants) {
    if (performance.now() > giveUpMs) {
      throw new Error(`Cannot bench: the tab holds ${held()} of ${variants} variants`)
    }
    await pause(50)
  }
  // What it measures while idle is the volunteer's time too, but another figure.
  await pause(SETTLE_MS)
  const over = new AbortController()
  const clients = Array.from({ length: CLIENTS }, () => ask(serving, over.signal))
  await pause(2000)
  const session = await browser.newBrowserCDPSession()
  const spent = async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    const own = processInfo.filter(({ type }) => type === 'renderer')
    const waits = await Promise.all(own.map(({ id }) => waitedSeconds(id)))
    const sum = (values: number[]) => values.reduce((total, one) => total + one, 0)
    return { cpuS: sum(own.map(({ cpuTime }) => cpuTime)), waitedS: sum(waits) }
  }
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] })
  const [start, startMs] = [await spent(), performance.now()]
  const answered = serving.pool.stats().pipelines['ocr']!.onTime
  await pause(WINDOW_MS)
  const [end, elapsedMs] = [await spent(), performance.now() - startMs]
  const percentOf = (seconds: number) => 100_000 * seconds / elapsedMs
  const share = percentOf(end.cpuS - start.cpuS)
  const tasks = mainThreadTasks(await browser.stopTracing())
  const answers = serving.pool.stats().pipelines['ocr']!.onTime - answered
  over.abort()
  await Promise.all(clients)
  await leave(page)
  const round = (value: number) => Math.round(10 * value) / 10
  return {
    duty,
    cpuPercent: round(share),
    offByPoints: round(share - duty),
    // For a processor, as neighbours take it: what is rested is counted from wall time.
    waitedPercent: round(percentOf(end.waitedS - start.waitedS)),
    answers,
    longestTaskMs: round(Math.max(0, ...tasks)),
    tasksOver50: tasks.filter((ms) => ms > LONG_MS).length,
  }
}

async function ask({ url }: Serving, signal: AbortSignal): Promise<void> {
  const body = await Deno.readFile(SAMPLE_PAGE)
  const headers = { 'content-type': 'image/jpeg', 'x-request-timeout-ms': TIMEOUT_MS }
  while (!signal.aborted) {
    const response = await fetch(`${url}/v1/pipelines/ocr/infer`, {
      ...{ method: 'POST', headers, body, signal },
    }).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.ok !== true && !signal.aborted) await pause(100)
  }
}

async function leave(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('heading', { name: 'Stopped' }).waitFor()
}

interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  dur?: number
  args?: { name?: string }
}

/** How long each task of a page's main thread took, in milliseconds. */
function mainThreadTasks(trace: Uint8Array): number[] {
  const { traceEvents } = JSON.parse(new TextDecoder().decode(trace)) as {
    traceEvents: TraceEvent[]
  }
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`
  const main = new Set(
    traceEvents.filter(({ name, args }) =>
      name === 'thread_name' && args?.name === 'CrRendererMain'
    ).map(threadOf),
  )
  return traceEvents.filter((event) =>
    event.name === 'ThreadControllerImpl::RunTask' && main.has(threadOf(event))
  ).map(({ dur = 0 }) => dur / 1000)
}

/**
 * `deno task bench join`: whether the join page keeps what it promises while its tab serves more
 * load than it can carry: the share of a processor asked for, and a page that answers at once.
 * @module
 */
import type { Browser } from 'playwright-core'
import { buildAssets } from '../../cli/serve/build_assets.ts'
import { OCR, type Serving, startServing } from '../../cli/serve/serving.ts'
import { withChromium } from '../chromium.ts'
import { saturate } from '../duty/duty.ts'
import { joinTab } from '../requeue/tabs.ts'
import { pause, round, sumOf, until } from '../tools.ts'

const DUTIES = [25, 50, 100]
const VARIANTS = 9
/** Until the tab holds all that is served. */
const PATIENCE_MS = 120_000
const SETTLE_MS = 8000
const WINDOW_MS = 20_000
const LONG_MS = 50

export async function bench() {
  const assets = await buildAssets()
  const rows = []
  for (const duty of DUTIES) {
    const row = await withChromium(async (browser) => {
      const serving = await startServing([OCR], { assets })
      return await watch(browser, serving, duty).finally(() => serving.end())
    })
    if (row === undefined) return []
    rows.push(row)
  }
  return rows
}

async function watch(browser: Browser, serving: Serving, duty: number) {
  const page = await joinTab(browser, serving, 'tab', { 'Share of the time': String(duty) })
  const held = () => serving.pool.nodes()[0]?.instances ?? 0
  await until(() => held() >= VARIANTS, {
    limitMs: PATIENCE_MS,
    fault: () => `Cannot bench: the tab holds ${held()} of ${VARIANTS} variants`,
  })
  // What it measures while idle is the volunteer's time too, but another figure.
  await pause(SETTLE_MS)
  const load = await saturate(serving.url)
  const session = await browser.newBrowserCDPSession()
  const cpuS = async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    return sumOf(processInfo.map(({ type, cpuTime }) => type === 'renderer' ? cpuTime : 0))
  }
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] })
  const [startS, startMs] = [await cpuS(), performance.now()]
  await pause(WINDOW_MS)
  const share = 100_000 * (await cpuS() - startS) / (performance.now() - startMs)
  const tasks = mainThreadTasks(await browser.stopTracing())
  await load.end()
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('heading', { name: 'Stopped' }).waitFor()
  return {
    ...{ duty, cpuPercent: round(share, 1), offByPoints: round(share - duty, 1) },
    longestTaskMs: round(Math.max(0, ...tasks), 1),
    tasksOver50: tasks.filter((ms) => ms > LONG_MS).length,
  }
}

interface TraceEvent {
  name: string
  pid: number
  tid: number
  dur?: number
  args?: { name?: string }
}

/** How long each task of a page's main thread took, in milliseconds. */
function mainThreadTasks(trace: Uint8Array): number[] {
  const { traceEvents }: { traceEvents: TraceEvent[] } = JSON.parse(new TextDecoder().decode(trace))
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`
  const isMain = ({ name, args }: TraceEvent) =>
    name === 'thread_name' && args?.name === 'CrRendererMain'
  const main = new Set(traceEvents.filter(isMain).map(threadOf))
  return traceEvents.filter((event) =>
    event.name === 'ThreadControllerImpl::RunTask' && main.has(threadOf(event))
  ).map(({ dur = 0 }) => dur / 1000)
}

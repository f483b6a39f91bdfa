/**
 * `deno task bench pages`: what each page weighs over the wire before anything is pressed, and when
 * it can be used, in Chromium with nothing cached.
 * @module
 */
import type { Browser } from 'playwright-core'
import { buildAssets } from '../../cli/serve/build_assets.ts'
import { countBytes } from '../../cli/page_bytes.ts'
import { OCR, startServing } from '../../cli/serve/serving.ts'
import { withChromium } from '../chromium.ts'
import { ending, medianOf } from '../tools.ts'

/** What is there once the page can be used. */
const PAGES = { '/': '#node-rows tr', '/try': '#samples button', '/node': '#join:enabled' }
const ROUNDS = 7
/** So long nothing may keep the main thread before a page counts as settled. */
const QUIET_MS = 1000

export async function bench() {
  return await withChromium(async (browser) => {
    const serving = await startServing([OCR], { assets: await buildAssets() })
    await using _ = ending(serving)
    await serving.addNode('local-1')
    const rows = []
    for (const [path, ready] of Object.entries(PAGES)) {
      const loads: Awaited<ReturnType<typeof load>>[] = []
      for (let i = 0; i < ROUNDS; i++) loads.push(await load(browser, serving.url + path, ready))
      const keys = Object.keys(loads[0]!) as (keyof typeof loads[0])[]
      const medians = keys.map((key) => [key, medianOf(loads, (one) => one[key])])
      rows.push({ path, ...Object.fromEntries(medians) })
    }
    return rows
  })
}

/** Notes when `ready` is first there, and when the main thread was last kept for 50 ms. */
const WATCH = (ready: string) => `
  globalThis.watched = { usableMs: 0, longMs: 0 }
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) watched.longMs = startTime + duration
  }).observe({ type: 'longtask', buffered: true })
  const look = () => {
    if (document.querySelector(${
  JSON.stringify(ready)
}) === null) return requestAnimationFrame(look)
    watched.usableMs = performance.now()
  }
  look()
`

/** Interactive: usable, and no task of 50 ms or more after that. */
async function load(browser: Browser, url: string, ready: string) {
  const page = await (await browser.newContext()).newPage()
  await page.addInitScript(WATCH(ready))
  const bytes = await countBytes(page)
  await page.goto(url)
  await page.locator(ready).first().waitFor()
  await page.waitForTimeout(QUIET_MS)
  const times = await page.evaluate(() => {
    const { watched } = globalThis as unknown as { watched: { usableMs: number; longMs: number } }
    const [paint] = performance.getEntriesByName('first-contentful-paint')
    return {
      firstPaintMs: paint?.startTime ?? NaN,
      usableMs: watched.usableMs,
      interactiveMs: Math.max(watched.usableMs, watched.longMs),
    }
  })
  await page.context().close()
  return { bytes: bytes(), ...times }
}

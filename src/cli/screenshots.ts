/**
 * Pictures of every page for the docs, taken while a real pool works under load:
 * `deno run -A src/cli/screenshots.ts [--seconds 90] [--nodes 2] [--page join]`.
 *
 * @module
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { buildAssets } from './build_assets.ts'
import { findChromium, launchChromium } from './chromium.ts'
import { createPngDecoder } from '../stages/png_decoder.ts'
import { codecAssetUrls } from './codec_assets.ts'
import { palettePng } from './palette_png.ts'
import { fromFileUrl, ROOT } from './root.ts'
import { OCR, SAMPLE_PAGE, startServing } from './serving.ts'

const WIDTHS = [390, 1440]
const SCHEMES = ['light', 'dark'] as const
/** People who each ask again as soon as they are answered, at the least and at the most. */
const FEW = 1
const MANY = 2
/** Two nodes, a browser and the coordinator share what may be one processor or two. */
const TIMEOUT_MS = '10000'

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seconds: { type: 'string', default: '90' },
    nodes: { type: 'string', default: '2' },
    to: { type: 'string', default: join(ROOT, 'docs') },
    page: { type: 'string', multiple: true, default: ['dashboard', 'try', 'join', 'serving'] },
  },
})

const executable = await findChromium()
if (executable === undefined) throw new Error('Cannot take pictures: there is no Chromium')
const serving = await startServing([OCR], { assets: await buildAssets() })
const browser = await launchChromium(executable)
const codec = await Deno.readFile(fromFileUrl(new URL(codecAssetUrls().png)))
const decode = createPngDecoder(await WebAssembly.compile(codec))
let busy = true
const load = (async () => {
  await Promise.all(
    Array.from({ length: Number(values.nodes) }, (_, i) => serving.addNode(`local-${i + 1}`)),
  )
  await ask(Number(values.seconds))
})()

async function ask(seconds: number): Promise<void> {
  const picture = await Deno.readFile(SAMPLE_PAGE)
  const startMs = performance.now()
  const wanted = () => {
    const share = Math.min(1, (performance.now() - startMs) / (1000 * seconds))
    return FEW + Math.round((MANY - FEW) * Math.sin(Math.PI * share * 0.8))
  }
  const person = async (index: number) => {
    while (busy) {
      if (index >= wanted()) {
        await new Promise((done) => setTimeout(done, 200))
        continue
      }
      const response = await fetch(`${serving.url}/v1/pipelines/ocr/infer`, {
        method: 'POST',
        headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': TIMEOUT_MS },
        body: picture,
      })
      await response.body?.cancel()
      const waitS = Number(response.headers.get('retry-after') ?? 0) + 0.5
      await new Promise((done) => setTimeout(done, 1000 * waitS))
    }
  }
  await Promise.all(Array.from({ length: MANY }, (_, index) => person(index)))
}

async function open(browser: Browser, path: string, width: number, scheme: 'light' | 'dark') {
  const height = width < 600 ? 844 : 900
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme })
  const page = await context.newPage()
  await page.goto(serving.url + path)
  return page
}

/** Asks until it is answered: the pool is busy. */
async function answered(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'note.png' }).click()
  await page.getByLabel(/Deadline/).fill('100')
  for (;;) {
    await page.getByRole('button', { name: /^Ask/ }).click()
    await page.locator('#lines li, #fault:not([hidden])').first().waitFor({ timeout: 30_000 })
    if (await page.locator('#lines li').count() > 0) return
    await page.waitForTimeout(2000)
  }
}

/** A tab that joins and works for a while. */
async function joined(page: Page): Promise<void> {
  await page.getByLabel('Name shown to others').fill('kitchen-tablet')
  await page.locator('#more-limits').evaluate((details: HTMLDetailsElement) => details.open = true)
  await page.getByLabel('Pause while other programs').uncheck()
  await page.getByRole('button', { name: /join/i }).click()
  await page.locator('#items').filter({ hasText: /[1-9]\d/ }).waitFor({ timeout: 90_000 })
  await page.waitForTimeout(20_000)
}

const PAGES = [
  ['dashboard', '/'],
  ['try', '/try'],
  ['join', '/node'],
  ['serving', '/node'],
] as const

await new Promise((done) => setTimeout(done, 1000 * Number(values.seconds)))
for (const width of WIDTHS) {
  for (const scheme of SCHEMES) {
    for (const [name, path] of PAGES) {
      if (!values.page.includes(name)) continue
      const page = await open(browser, path, width, scheme)
      if (name === 'try') await answered(page)
      if (name === 'serving') await joined(page)
      // A few events, so that nothing is still to come.
      if (name === 'dashboard') await page.waitForTimeout(6500)
      // The button of the join page sticks to the end of a phone's screen, wherever that is.
      const fullPage = name !== 'join' || width > 600
      const file = join(values.to, `${name}-${width}-${scheme}.png`)
      await Deno.writeFile(
        file,
        await palettePng(decode(await page.screenshot({ fullPage }))),
      )
      console.log(`${file} ${Math.round((await Deno.stat(file)).size / 1024)} KB`)
      await page.context().close()
    }
  }
}
busy = false
await load
await browser.close()
await serving.end()
Deno.exit(0)

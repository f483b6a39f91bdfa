/**
 * Pictures of every page, taken while a real pool works under load:
 * `deno run -A src/cli/screenshots.ts [--seconds 90] [--nodes 2] [--page join] [--to DIR]`. Without
 * `--to` those that the docs show are written there. The same pictures are taken by
 * `tests/browser/screenshots_test.ts`, with less patience.
 *
 * @module
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { createPngDecoder } from '../stages/png_decoder.ts'
import { buildAssets } from './serve/build_assets.ts'
import { findChromium, launchChromium } from './chromium.ts'
import { codecAssetUrls } from './serve/codec_assets.ts'
import { palettePng } from './palette_png.ts'
import { fromFileUrl, ROOT } from './root.ts'
import { keepAsking } from './screenshots_load.ts'
import { OCR, startServing } from './serve/serving.ts'

const WIDTHS = [390, 1440]
const SCHEMES = ['light', 'dark'] as const
const PATHS = { dashboard: '/', try: '/try', join: '/node', api: '/docs', serving: '/node' }

export type PictureOf = keyof typeof PATHS
export const PICTURES = Object.keys(PATHS) as PictureOf[]

/** In the docs. */
export const SHOWN: readonly string[] = ['dashboard-1440-light.png', 'serving-1440-light.png']

export interface Shot {
  name: string
  width: number
  png: Uint8Array
  /** How far the page is wider than its window: 0 where nothing has to be scrolled sideways. */
  overflowPx: number
}

export interface ShotOptions {
  browser: Pick<Browser, 'newContext'>
  url: string
  page: PictureOf
  /** For a tab that serves: items it has done before its picture is taken. */
  items?: number
  /** Likewise: how long it goes on after that, so that its chart has something to show. */
  patienceMs?: number
}

/** Four pictures of a page: a phone's width and a desk's, by day and by night. */
export async function takeShots(options: ShotOptions): Promise<Shot[]> {
  const { browser, url, page: name } = options
  const context = await browser.newContext()
  const page = await context.newPage()
  const shots: Shot[] = []
  try {
    await page.goto(url + PATHS[name])
    await ready[name](page, options)
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: width < 600 ? 844 : 900 })
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme })
        await redrawn(page)
        // The button of the join page sticks to the end of a phone's screen, wherever that is; of
        // the document of the API its beginning is enough.
        const fullPage = name !== 'api' && (name !== 'join' || width > 600)
        const png = new Uint8Array(await page.screenshot({ fullPage }))
        const overflowPx = await page.evaluate(() =>
          document.documentElement.scrollWidth - innerWidth
        )
        shots.push({ name: `${name}-${width}-${colorScheme}.png`, width, png, overflowPx })
      }
    }
  } finally {
    await context.close()
  }
  return shots
}

const ready: { [name in PictureOf]: (page: Page, options: ShotOptions) => Promise<unknown> } = {
  // A few events, so that nothing is still to come.
  dashboard: (page) => page.waitForTimeout(6500),
  try: answered,
  join: (page) => page.getByRole('button', { name: /join/i }).waitFor(),
  api: (page) => page.getByRole('heading').first().waitFor(),
  serving: joined,
}

/** Charts are drawn by every second's event, in the colours of then. */
const redrawn = (page: Page) => page.waitForTimeout(1500)

/** Asks until it is answered: the pool is busy. */
async function answered(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'note.png' }).click()
  await page.getByLabel(/Deadline/).fill('100')
  for (;;) {
    await page.getByRole('button', { name: /^Ask/ }).click()
    await page.locator('#lines li, #fault:not([hidden])').first().waitFor({ timeout: 60_000 })
    if (await page.locator('#lines li').count() > 0) return
    await page.waitForTimeout(2000)
  }
}

/** A tab that joins and works for a while. */
async function joined(page: Page, { items = 10, patienceMs = 20_000 }: ShotOptions): Promise<void> {
  await page.getByLabel('Name shown to others').fill('kitchen-tablet')
  await page.locator('#more-limits').evaluate((details: HTMLDetailsElement) => details.open = true)
  await page.getByLabel('Pause while other programs').uncheck()
  await page.getByRole('button', { name: /join/i }).click()
  await page.waitForFunction(
    (least) => Number(document.querySelector('#items')?.textContent?.replace(/\D/g, '')) >= least,
    items,
    { timeout: 120_000 },
  )
  await page.waitForTimeout(patienceMs)
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      seconds: { type: 'string', default: '90' },
      nodes: { type: 'string', default: '2' },
      to: { type: 'string' },
      page: { type: 'string', multiple: true, default: PICTURES },
    },
  })
  const executable = await findChromium()
  if (executable === undefined) throw new Error('Cannot take pictures: there is no Chromium')
  const serving = await startServing([OCR], { assets: await buildAssets() })
  const browser = await launchChromium(executable)
  const { decode } = createPngDecoder(
    await WebAssembly.compile(await Deno.readFile(fromFileUrl(new URL(codecAssetUrls().png)))),
  )
  for (let i = 1; i <= Number(values.nodes); i++) await serving.addNode(`local-${i}`)
  const load = keepAsking(serving.url)
  await new Promise((done) => setTimeout(done, 1000 * Number(values.seconds)))
  for (const name of PICTURES.filter((one) => values.page.includes(one))) {
    for (const shot of await takeShots({ browser, url: serving.url, page: name })) {
      if (values.to === undefined && !SHOWN.includes(shot.name)) continue
      const png = await palettePng(decode(shot.png))
      await Deno.writeFile(join(values.to ?? join(ROOT, 'docs'), shot.name), png)
      console.log(`${shot.name} ${Math.round(png.byteLength / 1024)} KB`)
    }
  }
  await load.end()
  await browser.close()
  await serving.end()
  Deno.exit(0)
}

/**
 * The moving picture of the README: a real pool of two browser tabs under a load that triples, until
 * one tab is closed. `deno run -A src/cli/moving_picture.ts [--to FILE]`; about a minute and a half,
 * shown six times as fast.
 *
 * @module
 */
import gifenc from 'gifenc'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { createPngDecoder } from '../stages/png_decoder.ts'
import { findChromium, launchChromium, NO_CHROMIUM } from './chromium.ts'
import { fromFileUrl, ROOT } from './root.ts'
import { buildAssets } from './serve/build_assets.ts'
import { codecAssetUrls } from './serve/codec_assets.ts'
import { OCR, startServing } from './serve/serving.ts'
import { launchTabs } from './tabs.ts'
import { twoLines } from './two_lines.ts'

const { applyPalette, GIFEncoder, quantize } = gifenc

const SIZE = { width: 1344, height: 756 }
const FRAME_MS = 1500
const SHOWN_MS = 250
/** A GIF has 256; one of them means "as before". */
const COLOURS = 255
const AS_BEFORE = 255

interface Counts {
  asked: number
  inTime: number
  lost: number
}

/** Asks at a steady rate, without waiting for answers. */
function createLoad(url: string, body: Uint8Array<ArrayBuffer>, counts: Counts) {
  let timer: ReturnType<typeof setInterval> | undefined
  const open = new Set<Promise<void>>()
  async function ask(): Promise<void> {
    counts.asked++
    const answer = await fetch(`${url}/v1/pipelines/ocr/infer`, {
      method: 'POST',
      headers: { 'content-type': 'image/jpeg' },
      body,
    })
    await answer.body?.cancel()
    counts[answer.ok ? 'inTime' : 'lost']++
  }
  return {
    rate(perS: number): void {
      clearInterval(timer)
      if (perS === 0) return
      timer = setInterval(() => {
        const one = ask().finally(() => open.delete(one))
        open.add(one)
      }, 1000 / perS)
    },
    settled: () => Promise.all(open),
  }
}

/** What happens, and what has come of it so far, along the lower edge. */
async function caption(page: Page, said: string, { asked, inTime, lost }: Counts): Promise<void> {
  const figures = `asked ${asked} · answered in time ${inTime} · late or refused ${lost}`
  await page.evaluate(([said, figures]) => {
    let strip = document.getElementById('caption')
    if (strip === null) {
      strip = document.createElement('div')
      strip.id = 'caption'
      strip.style.cssText = 'position:fixed;inset:auto 0 0 0;z-index:9;display:flex;' +
        'justify-content:space-between;padding:.6rem 2.5rem;background:#15201e;color:#fff;' +
        'font:600 1.375rem/1.4 system-ui,sans-serif;font-variant-numeric:tabular-nums'
      strip.append(document.createElement('span'), document.createElement('span'))
      document.body.append(strip)
    }
    strip.firstElementChild!.textContent = said!
    strip.lastElementChild!.textContent = figures!
  }, [said, figures])
}

interface Frame {
  data: Uint8Array
  width: number
  height: number
}

function encode(frames: readonly Frame[]): Uint8Array {
  const gif = GIFEncoder()
  // Colours of the beginning, the middle and the end do for all.
  const some = [0, frames.length >> 1, frames.length - 1].flatMap((i) => [...frames[i]!.data])
  const palette: number[][] = quantize(new Uint8Array(some), COLOURS)
  let before: Uint8Array | undefined
  frames.forEach(({ data, width, height }, i) => {
    const whole: Uint8Array = applyPalette(data, palette)
    const changed = before === undefined
      ? whole
      : whole.map((colour, at) => colour === before![at] ? AS_BEFORE : colour)
    gif.writeFrame(changed, width, height, {
      ...i === 0 ? { palette: [...palette, [0, 0, 0]] } : {},
      transparent: i > 0,
      transparentIndex: AS_BEFORE,
      // The last stays for a while before it begins anew.
      delay: i === frames.length - 1 ? 8 * SHOWN_MS : SHOWN_MS,
      dispose: 1,
    })
    before = whole
  })
  gif.finish()
  return gif.bytes()
}

const { values } = parseArgs({
  args: Deno.args,
  options: { to: { type: 'string', default: join(ROOT, 'docs', 'shoal.gif') } },
})
const executable = await findChromium()
if (executable === undefined) throw new Error(`Cannot take pictures: ${NO_CHROMIUM}`)
const serving = await startServing([OCR], { assets: await buildAssets() })
const tabs = await launchTabs(executable, { processors: 1 })
const browser = await launchChromium(executable)
const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light' })
const { decode } = createPngDecoder(
  await WebAssembly.compile(await Deno.readFile(fromFileUrl(new URL(codecAssetUrls().png)))),
)
const counts: Counts = { asked: 0, inTime: 0, lost: 0 }
const load = createLoad(serving.localUrl, await twoLines(), counts)
const frames: Frame[] = []

/** Takes a frame at a time until `isOver`, for so many at least. */
async function scene(said: string, least: number, isOver = () => true): Promise<void> {
  console.error(said)
  for (let i = 0; i < least || !isOver(); i++) {
    const next = performance.now() + FRAME_MS
    await caption(page, said, counts)
    const { data, width, height } = decode(new Uint8Array(await page.screenshot()))
    frames.push({ data: new Uint8Array(data), width, height })
    await new Promise((done) => setTimeout(done, Math.max(0, next - performance.now())))
  }
}

/** Whether `count` nodes hold every variant. */
const holdAll = (count: number) => () => {
  const variants = Object.values(serving.pipelines[0]!.pipeline.tasks)
    .reduce((sum, { variants }) => sum + Object.keys(variants).length, 0)
  return serving.pool.nodes().filter(({ instances, slots }) => instances >= slots * variants)
    .length >= count
}

await page.goto(`${serving.localUrl}/`)
await scene('A pool without a device', 3)
await tabs.open('phone', serving.localUrl)
await tabs.open('laptop', serving.localUrl)
await scene('Two browser tabs join', 4, holdAll(2))
load.rate(.8)
await scene('They read 0.8 pages a second', 14)
load.rate(2.4)
await scene('The load triples: accuracy dips', 16)
await tabs.close('phone')
await scene('A tab is closed: the other does its work', 12)
load.rate(0)
await load.settled()
await scene('Every page was answered', 2)
const gif = encode(frames)
await Deno.writeFile(values.to, gif)
const seconds = (frames.length + 7) * SHOWN_MS / 1000
console.log(`${values.to}: ${seconds} s, ${Math.round(gif.byteLength / 1024)} KB`)
console.log(`asked ${counts.asked}, in time ${counts.inTime}, late or refused ${counts.lost}`)
await browser.close()
await tabs.end()
await serving.end()
Deno.exit(0)

/**
 * Tokens a second and time to the first token: through coordinator and node, against the same loop alone
 * in one process, in turn. Streams of one, two, four and eight texts at a time on one slot.
 * @module
 */
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { ROOT } from '../../cli/root.ts'
import { median } from '../../cli/statistics.ts'
import { startChild, untilReady } from '../child.ts'
import { openChromium } from '../chromium.ts'
import { joinTab } from '../requeue/tabs.ts'
import { startServer } from '../server.ts'
import { listen } from '../streams/listen.ts'
import { sampleTexts } from '../streams/streams.ts'
import { inTurn, medianOf } from '../tools.ts'
import { generateAll, type GeneratorRun } from './bare_generator.ts'

const FIELDS = join(ROOT, 'profiles', 'fields')
const VARIANT = 'micro'
/** The loop that a tab is held against is that of a Deno process: both are V8. */
const PLACES = [
  { backend: 'wasm', tab: false },
  { backend: 'native', tab: false },
  { backend: 'wasm', tab: true },
]
const AT_ONCE = [1, 2, 4, 8]
const ROUNDS = 5
/** Of each run, for each that is read at a time. */
const TEXTS = 8
const BUDGET_MS = 120_000

async function startPool(backend: string, browser: Browser | undefined) {
  const coordinator = await startServer({
    ...{ pipeline: 'fields', variants: [VARIANT], pages: true, nodes: browser ? 0 : 1 },
    options: ['--slots', '1', '--gpu', 'off', '--backend', backend],
  })
  const { url } = coordinator.ready
  if (browser !== undefined) await joinTab(browser, { url }, 'tab')
  await untilReady(url, 'generate')
  const generate = async (text: string) => {
    const heard = await listen(url, 'fields', text, BUDGET_MS)
    if (heard.fault !== undefined) throw new Error(`Cannot bench: ${heard.fault}`)
    // Its tokens are bytes.
    const tokens = new TextEncoder().encode(heard.text).byteLength
    return { tokens, firstMs: heard.firstMs }
  }
  return {
    run: (texts: readonly string[], atOnce: number) => generateAll(texts, atOnce, generate),
    async end() {
      await browser?.close()
      await coordinator.end()
    },
  }
}

export async function bench() {
  const texts = sampleTexts(TEXTS * Math.max(...AT_ONCE))
  const rows = []
  for (const place of PLACES) {
    const browser = place.tab ? await openChromium() : undefined
    if (place.tab && browser === undefined) continue
    const args = [FIELDS, VARIANT, place.backend]
    const loop = await startChild<null>('./generate/bare_generator.ts', args)
    const pool = await startPool(place.backend, browser)
    const alone = (texts: string[], atOnce: number) => loop.ask<GeneratorRun>({ texts, atOnce })
    await alone(texts, 8)
    await pool.run(texts, 8)
    for (const atOnce of AT_ONCE) {
      const some = texts.slice(0, TEXTS * atOnce)
      const pairs = await inTurn(ROUNDS, {
        bare: () => alone(some, atOnce),
        pool: () => pool.run(some, atOnce),
      })
      rows.push(rowOf(place.tab ? `${place.backend}, a tab` : place.backend, atOnce, pairs))
    }
    await Promise.all([pool.end(), loop.end()])
  }
  console.log(
    `tokens a second of all texts together, variant ${VARIANT}; medians of ${ROUNDS} pairs`,
  )
  return rows
}

function rowOf(
  backend: string,
  atOnce: number,
  pairs: readonly { bare: GeneratorRun; pool: GeneratorRun }[],
) {
  const perS = ({ tokens, tookMs }: GeneratorRun) => 1000 * tokens / tookMs
  const first = ({ firstMs }: GeneratorRun) => median(firstMs)
  return {
    ...{ backend, 'at once': atOnce },
    'bare tokens/s': medianOf(pairs, ({ bare }) => perS(bare)),
    'pool tokens/s': medianOf(pairs, ({ pool }) => perS(pool)),
    ratio: medianOf(pairs, ({ bare, pool }) => perS(pool) / perS(bare), 2),
    'bare first ms': medianOf(pairs, ({ bare }) => first(bare), 1),
    'pool first ms': medianOf(pairs, ({ pool }) => first(pool), 1),
    'first ratio': medianOf(pairs, ({ bare, pool }) => first(pool) / first(bare), 2),
  }
}

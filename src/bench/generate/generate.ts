/**
 * Tokens a second and time to the first token: through coordinator and node, against the same loop alone
 * in one process, in turn. Streams of one, two, four and eight texts at a time on one slot.
 *
 * @module
 */
import { join } from 'node:path'
import { findChromium } from '../../cli/chromium.ts'
import { ROOT } from '../../cli/root.ts'
import { spawnNode } from '../../cli/serve/spawn_node.ts'
import { median } from '../../cli/statistics.ts'
import { startChild, untilReady } from '../child.ts'
import { joinTab } from '../requeue/tabs.ts'
import { listen } from '../streams/listen.ts'
import { sampleTexts } from '../streams/scene.ts'
import type { BareRun } from './generate_child.ts'

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

interface Row {
  backend: string
  variant: string
  'at once': number
  'bare tokens/s': number
  'pool tokens/s': number
  ratio: number
  'bare first ms': number
  'pool first ms': number
  'first ratio': number
}

async function startPool({ backend, tab }: typeof PLACES[number], variant: string) {
  const args = ['coordinator', FIELDS, variant, ...tab ? ['pages'] : []]
  const coordinator = await startChild<string>('./generate/generate_child.ts', args)
  const url = coordinator.ready
  const node = tab ? await openTab(url) : startNode(url, backend)
  await untilReady(url, 'generate')
  return {
    async run(texts: readonly string[], atOnce: number): Promise<BareRun> {
      const run: BareRun = { tokens: 0, tookMs: 0, firstMs: [] }
      const startMs = performance.now()
      let next = 0
      const client = async () => {
        while (next < texts.length) {
          const heard = await listen(
            `${url}/v1/pipelines/fields/infer`,
            texts[next++]!,
            BUDGET_MS,
          )
          if (heard.fault !== undefined) throw new Error(`Cannot bench: ${heard.fault}`)
          // Its tokens are bytes.
          run.tokens += new TextEncoder().encode(heard.text).byteLength
          run.firstMs.push(heard.firstMs)
        }
      }
      await Promise.all(Array.from({ length: atOnce }, client))
      run.tookMs = performance.now() - startMs
      return run
    },
    async end() {
      await node.end()
      await coordinator.end()
    },
  }
}

function startNode(url: string, backend: string) {
  const node = spawnNode(url, 'bench', ['--slots', '1', '--gpu', 'off', '--backend', backend])
  return {
    async end() {
      node.kill('SIGTERM')
      await node.status
    },
  }
}

async function openTab(url: string) {
  const { chromium } = await import('playwright-core')
  const executablePath = (await findChromium())!
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  await joinTab(browser, { url }, 'tab')
  return { end: () => browser.close() }
}

export async function benchGenerate(options: { variant?: string } = {}): Promise<Row[]> {
  const { variant = VARIANT } = options
  const texts = sampleTexts(TEXTS * Math.max(...AT_ONCE))
  const rows: Row[] = []
  for (const place of PLACES) {
    if (place.tab && await findChromium() === undefined) {
      console.log('a tab: skipped, no Chromium here (name one in CHROMIUM)')
      continue
    }
    const { backend } = place
    const args = ['bare', FIELDS, variant, backend]
    const bare = await startChild<null>('./generate/generate_child.ts', args)
    const pool = await startPool(place, variant)
    const alone = (some: string[], atOnce: number) => bare.ask<BareRun>({ texts: some, atOnce })
    await alone(texts, 8)
    await pool.run(texts, 8)
    for (const atOnce of AT_ONCE) {
      const some = texts.slice(0, TEXTS * atOnce)
      const pairs: { bare: BareRun; pool: BareRun }[] = []
      for (let round = 0; round < ROUNDS; round++) {
        // Each is first every other time: a machine that grows slower favours who is.
        const first = round % 2 === 0 ? await alone(some, atOnce) : undefined
        const through = await pool.run(some, atOnce)
        pairs.push({ bare: first ?? await alone(some, atOnce), pool: through })
      }
      rows.push(rowOf(place.tab ? `${backend}, a tab` : backend, variant, atOnce, pairs))
    }
    await pool.end()
    await bare.end()
  }
  console.log(
    `tokens a second of all texts together, variant ${variant}; medians of ${ROUNDS} pairs`,
  )
  console.table(rows)
  return rows
}

function rowOf(
  backend: string,
  variant: string,
  atOnce: number,
  pairs: readonly { bare: BareRun; pool: BareRun }[],
): Row {
  const of = (value: (pair: typeof pairs[number]) => number) => median(pairs.map(value))
  const perS = ({ tokens, tookMs }: BareRun) => 1000 * tokens / tookMs
  const first = ({ firstMs }: BareRun) => median(firstMs)
  const rounded = (value: number, digits = 0) => Number(value.toFixed(digits))
  return {
    ...{ backend, variant, 'at once': atOnce },
    'bare tokens/s': rounded(of(({ bare }) => perS(bare))),
    'pool tokens/s': rounded(of(({ pool }) => perS(pool))),
    ratio: rounded(of(({ bare, pool }) => perS(pool) / perS(bare)), 2),
    'bare first ms': rounded(of(({ bare }) => first(bare)), 1),
    'pool first ms': rounded(of(({ pool }) => first(pool)), 1),
    'first ratio': rounded(of(({ bare, pool }) => first(pool) / first(bare)), 2),
  }
}

/** A Chromium, and a coordinator with pages that it can open. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { buildAssets } from '../../src/cli/serve/build_assets.ts'
import { findChromium, launchChromium } from '../../src/cli/chromium.ts'
import { SAMPLE_PAGE, type Serving, startServing } from '../../src/cli/serve/serving.ts'
import type { Keyring } from '../../src/coordinator/core/keys.ts'
import type { Assets } from '../../src/coordinator/http/pages.ts'
import type { InferAnswer, NodeInfo, OcrOutputs } from '../../src/client/types.ts'
import { countOn } from '../../src/pipeline/runs_on.ts'

/** A name that only the browser of these tests knows; it leads to this machine. */
export const ELSEWHERE = 'pool.test'
/** Another one, which the coordinator was not told of. */
export const FOREIGN = 'foreign.test'

/** Where a Chromium is; installed where that is possible and none is there. */
export async function wantChromium(): Promise<string | undefined> {
  const found = await findChromium()
  if (found !== undefined) return found
  if (Deno.build.os !== 'linux' || Deno.uid() !== 0) return undefined
  const args = ['install', '-y', '--no-install-recommends', 'chromium']
  const options = { args, stdin: 'null', stdout: 'null', stderr: 'null' } as const
  await new Deno.Command('apt-get', options).output().catch(() => {})
  return await findChromium()
}

/** For a test's name. */
export const skippedWithout = (executable: string | undefined): string =>
  executable === undefined
    ? ' (skipped: no Chromium; apt-get install chromium, or name one in CHROMIUM)'
    : ''

/** What a test sees of a browser; `close` ends what this test opened. */
export type TestBrowser = Pick<Browser, 'newContext' | 'newPage' | 'close'>

/** As `src/cli/test.ts` has it for Deno: tabs of tests live for seconds. */
export const YOUNG_ENGINE = '--js-flags=--wasm-tiering-budget=200000000'

const browsers = new Map<boolean, Promise<Browser>>()
Deno.test.afterAll(async () => {
  for (const browser of browsers.values()) await (await browser).close()
})

/** The tests of a file share one browser: each context of it is as good as a new one. */
export async function launch(executablePath: string, webgpu = false): Promise<TestBrowser> {
  const started = browsers.get(webgpu) ??
    launchChromium(executablePath, { webgpu, names: [ELSEWHERE, FOREIGN], flags: [YOUNG_ENGINE] })
  browsers.set(webgpu, started)
  const browser = await started
  const contexts: BrowserContext[] = []
  const newContext: Browser['newContext'] = async (options) => {
    const context = await browser.newContext(options)
    contexts.push(context)
    return context
  }
  return {
    newContext,
    newPage: async () => await (await newContext()).newPage(),
    close: async () => void await Promise.all(contexts.map((context) => context.close())),
  }
}

let built: Promise<Assets> | undefined
/** Pages and scripts, the same for all tests of a file. */
export const testAssets = (): Promise<Assets> => built ??= buildAssets()

export interface Pool extends Serving {
  /** Lines that the coordinator logged. */
  lines: string[]
  /** The same coordinator under another name. */
  at(name: string): string
  /** Resolves with the node once it holds every variant. */
  full(name: string): Promise<NodeInfo>
  ask<Outputs>(pipeline: string, picture: Uint8Array<ArrayBuffer>): Promise<Answered<Outputs>>
  /** Has a page read, by default the sample. */
  read(picture?: Uint8Array<ArrayBuffer>): Promise<Answered<OcrOutputs>>
}

export interface Answered<Outputs> {
  status: number
  answer: InferAnswer<Outputs> & { reason?: string }
}

export async function startPool(
  { dirs, variants, tls, keyring, allowEmbeds }: {
    dirs?: string[]
    /** All if absent; `USUAL` where it is not about the others. */
    variants?: readonly string[]
    tls?: { cert: string; key: string }
    keyring?: Keyring
    allowEmbeds?: readonly string[]
  } = {},
): Promise<Pool> {
  const lines: string[] = []
  const serving = await startServing(dirs, {
    host: '0.0.0.0',
    allowHosts: [ELSEWHERE],
    assets: await testAssets(),
    log: (line) => lines.push(line),
    ...(variants === undefined ? {} : { variants }),
    ...(tls === undefined ? {} : { tls }),
    ...(keyring === undefined ? {} : { keyring }),
    ...(allowEmbeds === undefined ? {} : { allowEmbeds }),
  })
  const sample = await Deno.readFile(SAMPLE_PAGE)
  const trees = serving.pipelines.map(({ pipeline }) => pipeline)
  async function ask<Outputs>(pipeline: string, picture: Uint8Array<ArrayBuffer>) {
    const response = await fetch(`${serving.localUrl}/v1/pipelines/${pipeline}/infer`, {
      method: 'POST',
      headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': '120000' },
      body: picture,
    })
    return { status: response.status, answer: await response.json() } as Answered<Outputs>
  }
  return {
    ...serving,
    lines,
    at: (name) => serving.url.replace('localhost', name),
    async full(name) {
      for (;;) {
        const node = serving.pool.nodes().find((node) => node.name === name)
        if (node !== undefined && node.instances >= countOn(trees, node)) return node
        await new Promise((done) => setTimeout(done, 20))
      }
    },
    ask,
    read: (picture = sample) => ask('ocr', picture),
  }
}

/** What a page asked for, started and complained of, from its first request on. */
export interface Watched {
  page: Page
  paths: string[]
  workers: string[]
  complaints: string[]
}

export async function openPage(browser: TestBrowser, origin: string): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    // Certificates that sign themselves, which a volunteer would be asked about.
    ignoreHTTPSErrors: true,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const watched: Watched = { page, paths: [], workers: [], complaints: [] }
  page.on('request', (request) => watched.paths.push(new URL(request.url()).pathname))
  page.on('worker', (worker) => watched.workers.push(worker.url()))
  page.on('pageerror', (error) => watched.complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') watched.complaints.push(message.text())
  })
  await page.goto(`${origin}/node`)
  return watched
}

export const joinButton = (page: Pick<Page, 'getByRole'>) =>
  page.getByRole('button', { name: /start|join/i })

/** Gives the node a name and joins with one click. */
export async function joinAs(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name shown to others').fill(name)
  // The machine of a test is busy; whether that pauses a tab is another test's matter.
  await page.getByLabel('Pause while other programs').uncheck()
  await joinButton(page).click()
}

/** Whether nothing stands out on the right. */
export const fits = (page: Pick<Page, 'evaluate'>): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)

/** The limits of a browser tab, set on the page, kept by the node, known to the coordinator. */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import type { NodeInfo } from '../../src/client/types.ts'
import { findChromium } from '../../src/cli/chromium.ts'
import { USUAL } from '../../src/cli/serve/serving.ts'
import { ofAll } from '../exhaustive.ts'
import { joinAs, joinButton, launch, type Pool, startPool } from './fixture.ts'
import { launchReal } from './real_tab.ts'

const executable = await findChromium()
const skipped = executable === undefined
  ? ' (skipped: no Chromium; apt-get install chromium, or name one in CHROMIUM)'
  : ''

/** Far beyond what anything here takes; a test that waits for ever tells nothing. */
const WAIT_MS = 60_000

interface Test {
  name: string
  /** All if absent. */
  variants?: readonly string[]
  fn(pool: Pool, t: Deno.TestContext): Promise<void>
}

const testInPool = ({ name, variants, fn }: Test) =>
  Deno.test(ofAll({
    name: `${name}${skipped}`,
    ignore: executable === undefined,
    // The browser's driver keeps timers and pipes of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn(t) {
      const pool = await startPool(variants && { variants })
      try {
        await fn(pool, t)
      } finally {
        await pool.end()
      }
    },
  }))

/** Opens the page in a context of its own, with `script` run before it. */
async function withPage(
  { url }: Pool,
  script: string,
  test: (page: Page, paths: string[]) => Promise<void>,
): Promise<void> {
  const browser = await launch(executable!)
  try {
    const context = await browser.newContext()
    await context.addInitScript(script)
    const page = await context.newPage()
    const paths: string[] = []
    page.on('request', (request) => paths.push(new URL(request.url()).pathname))
    await page.goto(`${url}/node`)
    await test(page, paths)
  } finally {
    await browser.close()
  }
}

/** Resolves with the node, as `/v1/nodes` tells it, once it fits. */
async function nodeWhere(
  { localUrl, pool }: Pool,
  name: string,
  fits: (node: NodeInfo) => boolean,
): Promise<NodeInfo> {
  const lateMs = performance.now() + WAIT_MS
  for (;;) {
    if (performance.now() > lateMs) {
      throw new Error(`${name} did not come to that: ${JSON.stringify(pool.nodes())}`)
    }
    const { nodes } = await (await fetch(`${localUrl}/v1/nodes`)).json() as { nodes: NodeInfo[] }
    const node = nodes.find((node) => node.name === name)
    if (node !== undefined && fits(node)) return node
    await new Promise((done) => setTimeout(done, 50))
  }
}

const heading = (name: RegExp) => `${name}.test(document.getElementById('live-title').textContent)`

testInPool({
  name: 'a tab pauses while hidden and under pressure, and is gone when frozen',
  variants: USUAL,
  async fn(pool, t) {
    const browser = await launchReal(executable!)
    try {
      const tab = await browser.open(`${pool.url}/node`)
      await tab.until(`document.getElementById('join')?.disabled === false`)
      const tick = (id: string) => tab.evaluate(`document.getElementById('${id}').click()`)
      await tick('when-hidden')
      await tick('pressure')
      await tab.evaluate(`document.getElementById('name').value = 'real'`)
      await tick('join')
      await pool.full('real')

      let running: ReturnType<Pool['read']> | undefined
      await t.step('behind another tab it finishes what runs and takes nothing new', async () => {
        const other = await browser.open('about:blank')
        await other.toFront()
        running = pool.read()
        await tab.until(`document.visibilityState === 'hidden'`)
        const node = await nodeWhere(pool, 'real', ({ pausedBy }) => pausedBy !== null)
        assert.equal(node.pausedBy, 'hidden')
        assert.equal(node.state, 'paused')
        await tab.until(heading(/Paused/))
        while (pool.pool.batchesOn(node.id) > 0) await new Promise((done) => setTimeout(done, 20))
        assert.deepEqual(pool.lines.filter((line) => /lost a batch/.test(line)), [])
        assert.notEqual((await pool.read()).status, 200)
      })

      await t.step('in front again: it goes on', async () => {
        await tab.toFront()
        await nodeWhere(pool, 'real', ({ pausedBy }) => pausedBy === null)
        assert.equal((await running)?.status, 200, 'what waited for it is answered')
        assert.equal((await pool.read()).status, 200)
      })

      // Half a minute passes before it counts; the rules are in `tests/node/limits`.
      await t.step('under pressure it pauses, and goes on when that is over', async () => {
        const press = (state: string) =>
          tab.send('Emulation.setPressureStateOverride', { source: 'cpu', state })
        await tick('stop')
        await tab.until(`document.getElementById('join').disabled === false`)
        await tab.send('Emulation.setPressureSourceOverrideEnabled', {
          ...{ enabled: true, source: 'cpu', metadata: { available: true } },
        })
        await press('nominal')
        await tick('pressure')
        await tick('join')
        await pool.full('real')
        await press('critical')
        const node = await nodeWhere(pool, 'real', ({ pausedBy }) => pausedBy !== null)
        assert.equal(node.pausedBy, 'pressure')
        await press('nominal')
        await nodeWhere(pool, 'real', ({ pausedBy }) => pausedBy === null)
      })

      await t.step('frozen by the browser it is gone, with a word or by its silence', async () => {
        await tab.send('Page.setWebLifecycleState', { state: 'frozen' })
        const lateMs = performance.now() + WAIT_MS
        while (pool.pool.nodes().length > 0 && performance.now() < lateMs) {
          await new Promise((done) => setTimeout(done, 20))
        }
        assert.deepEqual(pool.pool.nodes(), [])
      })
    } finally {
      await browser.close()
    }
  },
})

const BATTERY = `
  globalThis.battery = Object.assign(new EventTarget(), { charging: true, level: 0.8 })
  navigator.getBattery = () => Promise.resolve(battery)
`

testInPool({
  name: 'a tab on battery takes no work until a while after it is plugged in',
  variants: USUAL,
  fn: (pool) =>
    withPage(pool, BATTERY, async (page) => {
      const charge = (charging: boolean) =>
        page.evaluate((charging) => {
          const { battery } = globalThis as unknown as {
            battery: EventTarget & { charging: boolean }
          }
          battery.charging = charging
          battery.dispatchEvent(new Event('chargingchange'))
        }, charging)
      await joinAs(page, 'laptop')
      await pool.full('laptop')
      await charge(false)
      const node = await nodeWhere(pool, 'laptop', ({ pausedBy }) => pausedBy !== null)
      assert.equal(node.pausedBy, 'battery')
      await page.getByRole('heading', { name: 'Paused' }).waitFor()
      assert.match(await page.locator('#say').innerText(), /on battery/)
      assert.notEqual((await pool.read()).status, 200)
      await charge(true)
      await nodeWhere(pool, 'laptop', ({ pausedBy }) => pausedBy === null)
      assert.equal((await pool.read()).status, 200)
    }),
})

testInPool({
  name: 'on a link that may cost the button says how much, and no more is downloaded',
  fn: (pool) =>
    withPage(
      pool,
      `Object.defineProperty(navigator, 'connection', { value: { saveData: true } })`,
      async (page, paths) => {
        assert.equal(await joinButton(page).count(), 1)
        await page.waitForLoadState('networkidle')
        assert.ok(await joinButton(page).isEnabled())
        const label = await joinButton(page).innerText()
        const megabytes = Number(/^Download (\d+) MB and join$/.exec(label)?.[1])
        assert.ok(megabytes > 0, label)
        assert.ok(await page.locator('#metered').isVisible())
        const models = () => paths.filter((path) => path.startsWith('/models/'))
        const engines = () => paths.filter((path) => path.endsWith('.wasm'))
        assert.deepEqual([...models(), ...engines()], [])

        const bytes: Promise<number>[] = []
        // As it came: the engine travels gzipped.
        page.context().on('response', (response) => {
          const sizes = response.request().sizes()
          bytes.push(sizes.then(({ responseBodySize }) => responseBodySize, () => 0))
        })
        await joinAs(page, 'metered')
        // Of four recognisers' models one; the detectors share theirs.
        const node = await nodeWhere(pool, 'metered', ({ instances }) => instances >= 5)
        assert.equal(node.downloads, 'least')
        assert.equal(node.backend, 'wasm')
        const { status, answer } = await pool.read()
        assert.equal(status, 200)
        assert.ok(answer.outputs.lines.length > 5)
        assert.equal(new Set(models()).size, 2)
        assert.ok(engines().every((path) => !path.includes('asyncify')), 'no engine for the GPU')
        const size = (await Promise.all(bytes)).reduce((sum, one) => sum + one, 0) / 1e6
        assert.ok(size > megabytes / 2, `${size} MB of the ${megabytes} announced`)
        assert.ok(size <= megabytes + 1, `${size} MB, where ${megabytes} were announced`)

        await page.getByRole('button', { name: 'Stop' }).click()
        await page.getByLabel('Download every model').check()
        await page.waitForFunction(() =>
          /Download/.test(document.getElementById('join')!.innerText)
        )
        const rest = Number(/\d+/.exec(await joinButton(page).innerText())?.[0])
        assert.ok(rest > megabytes, 'more is more')
        await joinButton(page).click()
        const full = await pool.full('metered')
        assert.equal(full.downloads, 'all')
      },
    ),
})

testInPool({
  name: 'a tab keeps to the memory and the disk that it was given',
  fn: (pool, t) =>
    withPage(pool, '', async (page, paths) => {
      const junk = 'f'.repeat(64)
      const inCache = () =>
        page.evaluate(async () => {
          const cache = await caches.open('shoal-models')
          const sizes: { [hash: string]: number } = {}
          for (const { url } of await cache.keys()) {
            const [, hash] = /sha256\/(\w+)$/.exec(url) ?? []
            const response = await cache.match(url)
            if (hash && response) sizes[hash] = (await response.arrayBuffer()).byteLength
          }
          return sizes
        })

      await t.step('memory: fewer variants are held, the coordinator knows', async () => {
        await page.getByLabel('Memory at most').selectOption('500 MB')
        await page.getByLabel('Disk for models at most').selectOption('25 MB')
        await page.evaluate(async (junk) => {
          const cache = await caches.open('shoal-models')
          await cache.put(
            `https://models.invalid/sha256/${junk}`,
            new Response(new Uint8Array(15e6)),
          )
        }, junk)
        await joinAs(page, 'small')
        const node = await nodeWhere(pool, 'small', ({ instances }) => instances >= 3)
        assert.equal(node.memoryBytes, 500e6)
        // A third of what the runtime leaves is kept for decoding pictures.
        assert.equal(node.slotMemoryBytes, 80e6)
        assert.equal((await pool.read()).status, 200)
      })

      await t.step(
        'disk: what was used longest ago is gone, and all keeps to the budget',
        async () => {
          const sizes = await inCache()
          assert.equal(sizes[junk], undefined)
          const total = Object.values(sizes).reduce((sum, size) => sum + size, 0)
          assert.ok(total > 10e6 && total <= 25e6, `${total} bytes`)
        },
      )

      await t.step('a second visit downloads only what had no room', async () => {
        const kept = Object.keys(await inCache())
        paths.length = 0
        await page.reload()
        assert.equal(await page.getByLabel('Memory at most').inputValue(), '500')
        await joinAs(page, 'small again')
        await nodeWhere(pool, 'small again', ({ instances }) => instances >= 3)
        assert.deepEqual(kept.filter((hash) => paths.includes(`/models/${hash}`)), [])
      })
    }),
})

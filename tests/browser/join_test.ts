/** A browser tab as a node: joins by one click, serves, leaves; nothing without the click. */
import assert from 'node:assert/strict'
import { selfCertificate } from '../../src/cli/serve/self_certificate.ts'
import { SMALL } from '../../src/bench/requeue/scene.ts'
import {
  ELSEWHERE,
  fits,
  FOREIGN,
  joinAs,
  joinButton,
  launch,
  openPage,
  type Pool,
  skippedWithout,
  startPool,
  type TestBrowser,
  wantChromium,
  type Watched,
} from './fixture.ts'

const executable = await wantChromium()
const skipped = skippedWithout(executable)

const PHONE = { width: 390, height: 844 }

async function withBrowser(
  test: (browser: TestBrowser, pool: Pool) => Promise<void>,
  tls?: { cert: string; key: string },
) {
  const [browser, pool] = await Promise.all([
    launch(executable!),
    startPool({ variants: SMALL, ...(tls && { tls }) }),
  ])
  try {
    await test(browser, pool)
  } finally {
    await browser.close()
    await pool.end()
  }
}

Deno.test({
  name: `a browser tab joins, serves and leaves${skipped}`,
  ignore: executable === undefined,
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: (t) =>
    withBrowser(async (browser, pool) => {
      const watched = await openPage(browser, pool.url)
      const { page, paths, workers, complaints } = watched

      await t.step('nothing runs and nothing is loaded before the click', async () => {
        assert.equal(await joinButton(page).count(), 1)
        assert.ok(await joinButton(page).isEnabled())
        await page.waitForLoadState('networkidle')
        assert.deepEqual(paths.map((path) => path.replace(/\.[0-9a-f]+\./, '.')), [
          '/node',
          '/assets/style.css',
          '/assets/join.js',
        ])
        assert.deepEqual(workers, [])
        assert.equal(pool.pool.nodes().length, 0)
      })

      await t.step('the page is isolated, and fits a phone', async () => {
        assert.equal(await page.evaluate(() => crossOriginIsolated), true)
        await page.setViewportSize(PHONE)
        assert.ok(await fits(page))
      })

      await t.step('one click joins, and the tab reads a page', async () => {
        await page.evaluate(() => {
          const longTasks: number[] = []
          Object.assign(globalThis, { longTasks })
          new PerformanceObserver((list) => {
            for (const { duration } of list.getEntries()) longTasks.push(Math.round(duration))
          }).observe({ type: 'longtask' })
        })
        await joinAs(page, 'tab')
        const node = await pool.full('tab')
        assert.equal(node.runtime, 'browser')
        const hasGpu = await page.evaluate(async () =>
          (await navigator.gpu?.requestAdapter() ?? null) !== null
        )
        assert.match(node.backendReason!, hasGpu ? /webgpu \(/ : /device has no WebGPU adapter/)
        const { status, answer } = await pool.read()
        assert.equal(status, 200)
        assert.ok(answer.outputs.lines.length > 5)
        assert.ok(answer.stages.every((stage) => stage.node === 'tab'))
        await page.waitForFunction(() => document.getElementById('items')!.textContent !== '0')
        assert.ok(await fits(page), 'the live page fits a phone')
      })

      await t.step('the page shows what it does, how fast, and what was lent', async () => {
        assert.match((await page.locator('#doing').textContent())!, /\w+ \(\w+\): \d+ part/)
        assert.match((await page.locator('#lent').textContent())!, /[1-9]\d* parts of pictures in/)
        await page.locator('#rate-chart path.line[d*=L]').waitFor({ state: 'attached' })
        const long = await page.evaluate(() =>
          (globalThis as unknown as { longTasks: number[] }).longTasks
        )
        console.log('tasks of 50 ms or more on the main thread while serving:', long)
      })

      await t.step('pause takes no new work, and the page says so', async () => {
        await page.getByRole('button', { name: 'Pause' }).click()
        await page.getByRole('heading', { name: 'Paused' }).waitFor()
        await page.getByRole('button', { name: 'Continue' }).click()
        await page.getByRole('heading', { name: 'Serving' }).waitFor()
      })

      await t.step('stop leaves with a word, and no worker stays', async () => {
        assert.ok(workers.length >= 2)
        const gone = page.workers().map((worker) => worker.waitForEvent('close'))
        await page.getByRole('button', { name: 'Stop' }).click()
        await joinButton(page).waitFor()
        await Promise.all(gone)
        assert.ok(pool.lines.includes('node tab left: stopped by the volunteer'))
        assert.equal(await page.locator('#models').textContent(), '0', 'its last word is heard')
        assert.equal(pool.pool.nodes().length, 0)
      })

      await t.step('stop and pause count in the very moment of the click that joins', async () => {
        /** One after the other, in one turn of the page. */
        const press = (...ids: string[]) =>
          page.evaluate((ids) => ids.forEach((id) => document.getElementById(id)!.click()), ids)
        await press('join', 'stop')
        await page.getByRole('heading', { name: 'Stopped' }).waitFor()
        await page.locator('#join:enabled').waitFor()
        while (page.workers().length > 0) await new Promise((done) => setTimeout(done, 20))
        assert.equal(pool.lines.filter((line) => /^node tab joined/.test(line)).length, 1)
        await press('join', 'pause')
        await page.getByRole('heading', { name: 'Paused' }).waitFor()
        while (pool.pool.nodes()[0]?.pausedBy !== 'volunteer') {
          await new Promise((done) => setTimeout(done, 5))
        }
        await press('stop')
        await joinButton(page).waitFor()
      })

      await t.step('outside its hours the tab takes no work, and says when it does', async () => {
        const hour = (await page.evaluate(() => new Date().getHours()) + 3) % 24
        const at = (hour: number) => `${String(hour % 24).padStart(2, '0')}:00`
        await page.getByLabel('Only at these hours').check()
        await page.getByLabel('from', { exact: true }).fill(at(hour))
        await page.getByLabel('until', { exact: true }).fill(at(hour + 1))
        await joinAs(page, 'night')
        await page.getByRole('heading', { name: 'Paused' }).waitFor()
        while (pool.pool.nodes()[0]?.pausedBy !== 'hours') {
          await new Promise((r) => setTimeout(r, 5))
        }
        assert.match((await page.locator('#say').textContent())!, /at the hour that you chose/)
        await page.getByRole('button', { name: 'Stop' }).click()
        await joinButton(page).waitFor()
        assert.equal(await page.getByLabel('from', { exact: true }).inputValue(), at(hour))
        await page.getByLabel('Only at these hours').uncheck()
      })

      await t.step('a reload starts nothing; the choices and the identity are kept', async () => {
        await page.getByLabel('Share of the time').fill('60')
        await page.getByLabel('at rest').fill('3')
        await page.getByLabel('busy').fill('12.5')
        await joinAs(page, 'tab again')
        const { id, duty } = await pool.full('tab again')
        assert.equal(duty, 0.6)
        assert.deepEqual(pool.pool.node(id)?.hello.watts, { idle: 3, busy: 12.5 })
        await page.locator('#lent-now').getByText(/processors?. In use now: \d/).waitFor()
        await page.locator('#use-chart').getByText(/^[\d.]+ lent$/).waitFor()
        workers.length = 0
        await page.reload({ waitUntil: 'networkidle' })
        assert.deepEqual(workers, [])
        assert.equal(await page.getByLabel('Name shown to others').inputValue(), 'tab again')
        assert.equal(await page.getByLabel('Share of the time').inputValue(), '60')
        assert.equal(await page.getByLabel('busy').inputValue(), '12.5')
        await joinButton(page).click()
        assert.equal((await pool.full('tab again')).id, id)
      })

      await t.step('a tab closed in the midst of a batch: the query is answered', async () => {
        const { id } = await pool.full('tab again')
        const queries = [pool.read(), pool.read(), pool.read()]
        while (pool.pool.batchesOn(id) === 0) await new Promise((done) => setTimeout(done, 1))
        const second = pool.addNode('second')
        await page.close()
        for (const { status, answer } of await Promise.all(queries)) {
          assert.ok(status === 200 || answer.reason !== undefined, `${status}`)
        }
        await second
        assert.equal((await pool.read()).status, 200)
        // At the latest its silence gives it away.
        while (pool.pool.node(id) !== undefined) await new Promise((done) => setTimeout(done, 20))
        assert.deepEqual(pool.pool.nodes().map(({ name }) => name), ['second'])
      })

      assert.deepEqual(complaints, [], 'no error on the console, none of the content policy')
    }),
})

Deno.test({
  name: `a tab of an insecure origin says what is missing, and serves${skipped}`,
  ignore: executable === undefined,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: (t) =>
    withBrowser(async (browser, pool) => {
      let tab: Watched
      await t.step('the page says what the browser holds back', async () => {
        tab = await openPage(browser, pool.at(ELSEWHERE))
        assert.equal(await tab.page.evaluate(() => isSecureContext), false)
        const missing = await tab.page.locator('#missing li').allTextContents()
        assert.deepEqual(missing.map((text) => /threads|WebGPU|cache|subtle/.exec(text)?.[0]), [
          'threads',
          'WebGPU',
          'cache',
          'subtle',
        ])
      })

      await t.step('it serves all the same', async () => {
        await joinAs(tab.page, 'elsewhere')
        const node = await pool.full('elsewhere')
        assert.equal(node.backend, 'wasm')
        assert.match(
          node.backendReason!,
          /one thread a run, since the page has no memory that threads could share/,
        )
        const { status, answer } = await pool.read()
        assert.equal(status, 200)
        assert.ok(answer.outputs.lines.length > 5)
      })

      await t.step('a page under a name that is not allowed gets no link', async () => {
        const { page } = await openPage(browser, pool.at(FOREIGN))
        await joinAs(page, 'foreign')
        await page.getByRole('heading', { name: /coordinator cannot be reached/ }).waitFor()
        assert.deepEqual(pool.pool.nodes().map(({ name }) => name), ['elsewhere'])
      })
    }),
})

Deno.test({
  name: `a tab elsewhere is given everything where the coordinator has a certificate${skipped}`,
  ignore: executable === undefined,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const tls = await selfCertificate(['localhost', ELSEWHERE], new Date())
    await withBrowser(async (browser, pool) => {
      const { page, complaints } = await openPage(browser, pool.at(ELSEWHERE))
      assert.equal(await page.evaluate(() => isSecureContext && crossOriginIsolated), true)
      assert.ok(await page.locator('#missing').isHidden())
      await joinAs(page, 'over https')
      await pool.full('over https')
      assert.equal((await pool.read()).status, 200)
      assert.deepEqual(complaints, [])
    }, tls)
  },
})

/** The dashboard and the try-it page over a real pool: what they show, weigh, and how they read. */
import { ofAll } from '../exhaustive.ts'
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { ROOT } from '../../src/cli/root.ts'
import {
  fits,
  launch,
  openPage,
  type Pool,
  skippedWithout,
  startPool,
  type TestBrowser,
  wantChromium,
  type Watched,
} from './fixture.ts'
import { assertReadable, tabsThrough, weigh } from './page_checks.ts'

const executable = await wantChromium()
const skipped = skippedWithout(executable)

/** Two of each task: there is something to choose, and to forbid. */
const VARIANTS = ['480x640', '256x320', 'h32w480', 'h16w400']

const PHONE = { width: 390, height: 844 }
const MOST_BYTES = 150_000

async function withPool(test: (browser: TestBrowser, pool: Pool) => Promise<void>) {
  const [browser, pool] = await Promise.all([
    launch(executable!),
    startPool({ variants: VARIANTS }),
  ])
  try {
    await test(browser, pool)
  } finally {
    await browser.close()
    await pool.end()
  }
}

const open = async (browser: TestBrowser, pool: Pool, path: string): Promise<Watched> => {
  const watched = await openPage(browser, pool.url)
  await watched.page.goto(pool.url + path)
  return watched
}

Deno.test(ofAll({
  name: `the dashboard shows a pool that serves, and the try-it page asks it${skipped}`,
  ignore: executable === undefined,
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: (t) =>
    withPool(async (browser, pool) => {
      const { page, complaints } = await open(browser, pool, '/')
      const row = (name: string) => page.locator('#node-rows tr', { hasText: name })

      await t.step('a pool without nodes says how to join', async () => {
        await page.getByRole('heading', { name: 'No device has joined yet' }).waitFor()
        const join = page.getByRole('navigation').getByRole('link', { name: 'Lend this device' })
        assert.equal(await join.getAttribute('href'), '/node')
      })

      const [stays, goes] = await Promise.all([pool.addNode('stays'), pool.addNode('goes')])

      await t.step('nodes that join appear, with what they hold and run on', async () => {
        await row('stays').waitFor()
        await row('goes').waitFor()
        await row('stays').getByText('wasm, deno').waitFor()
        await page.locator('#picture text', { hasText: 'h32w480' }).waitFor()
        assert.equal(await page.locator('#classes [data-node]').count(), 2)
      })

      await t.step('queries appear in the figures, and in the shares of the nodes', async () => {
        const figure = async (name: string) =>
          Number(await page.locator(`[data-figure=${name}]`).textContent())
        let asking = true
        const person = (async () => {
          while (asking) assert.equal((await pool.read()).status, 200)
        })()
        // What it met is told by the step that waits for it, below.
        person.catch(() => {})
        try {
          // A busy machine takes long for a page, and tells of it a while later.
          const timeout = 60_000
          await page.waitForFunction(
            () => {
              const value = (name: string) =>
                Number(document.querySelector(`[data-figure=${name}]`)?.textContent)
              return value('asked') > 0 && value('served') > 0 && value('p95') > 0 &&
                value('accuracy') > 30
            },
            undefined,
            { timeout },
          )
          await row('stays').getByText(/[1-9][\d.]* %, [\d.]+ \/s/).waitFor({ timeout })
        } finally {
          // What went on asking would meet later steps, and fail tests that come after this one.
          asking = false
          await person
        }
        assert.equal(await figure('bad'), 0)
        assert.match((await page.locator('#plans').textContent())!, /awake/)
        assert.ok((await page.locator('#tiles path.line.p95').getAttribute('d'))!.length > 0)
      })

      await t.step('the last hour and the table tell the same', async () => {
        await page.getByText('Last hour').click()
        await page.getByText('The same as a table').click()
        await page.locator('#series-rows td').first().waitFor()
        const cells = await page.locator('#series-rows tr').first().locator('td').allTextContents()
        assert.ok(Number(cells[0]) > 0, `asked in the minute under way: ${cells[0]}`)
        await page.getByText('Live').click()
      })

      await t.step('whoever sits here pauses a node and pins a variant from it', async () => {
        const button = (name: string) => page.getByRole('button', { name, exact: true })
        await button('Manage').click()
        await button('Pause goes').click()
        await row('goes').getByText('paused from here').waitFor()
        await button('Pin recognise h16w400').click()
        await button('Allow recognise h16w400').waitFor()
        await page.locator('#picture text', { hasText: 'pinned' }).waitFor()
        const { answer } = await pool.read()
        assert.deepEqual(Object.keys(answer.path['recognise'] ?? {}), ['h16w400'])
        await assertReadable(page, 'dashboard that manages')
        // What is refused is said.
        await button('Forbid detect 480x640').click()
        await button('Pin detect 480x640').waitFor({ state: 'detached' })
        await button('Forbid detect 256x320').click()
        await page.getByRole('alert').getByText('no variant left').waitFor()
        await button('Allow detect 480x640').click()
        await button('Pin detect 480x640').waitFor()
        await button('Allow recognise h16w400').click()
        await button('Resume goes').click()
        await row('goes').getByText('paused').waitFor({ state: 'detached' })
        await Promise.all([pool.full('stays'), pool.full('goes')])
        await button('Manage').click()
        assert.ok(await button('Pause goes').isHidden())
      })

      await t.step('it reads well, by keyboard too, and fits a phone', async () => {
        await assertReadable(page, 'dashboard')
        await page.reload()
        await row('stays').waitFor()
        await tabsThrough(page, [/Manage/, /Try it/, /Lend this device/, /Live/, /same as a table/])
        await page.setViewportSize(PHONE)
        assert.ok(await fits(page))
        await assertReadable(page, 'dashboard on a phone')
      })

      await t.step('a node that leaves disappears', async () => {
        goes.kill()
        await row('goes').waitFor({ state: 'detached' })
        assert.equal(await row('stays').count(), 1)
        assert.equal(await page.locator('#classes [data-node]').count(), 1)
      })

      await t.step('the try-it page answers a picture and draws it', async () => {
        await page.goto(`${pool.url}/try`)
        await page.getByRole('button', { name: 'page.jpg' }).click()
        await page.getByLabel(/Deadline/).fill('100')
        await page.getByRole('button', { name: 'Ask' }).click()
        await page.locator('#lines li').first().waitFor()
        const boxes = await page.locator('.found polygon').count()
        assert.ok(boxes > 5)
        assert.equal(await page.locator('#lines li').count(), boxes)
        // A box lies where the picture is, and has the width of a line.
        const picture = (await page.locator('#canvas-holder canvas').boundingBox())!
        const box = (await page.locator('.found polygon').first().boundingBox())!
        assert.ok(box.x > picture.x && box.y > picture.y)
        assert.ok(box.x + box.width < picture.x + picture.width && box.width > picture.width / 5)
        assert.match((await page.locator('#path').textContent())!, /detect.*recognise/)
        assert.match((await page.locator('#times').textContent())!, /on stays \(wasm\)/)
        assert.ok(await fits(page), 'the answer fits a phone')
        for (const sample of await page.locator('#samples button').all()) {
          const { height } = (await sample.boundingBox())!
          assert.ok(height < 60, 'the name of a sample stands on one line')
        }
        await assertReadable(page, 'try')
      })

      await t.step('what it copies as curl and as TypeScript gives the same answer', async () => {
        const cwd = `${ROOT}/demo/samples`
        const texts = await page.locator('pre:has(code)').allTextContents()
        assert.match(texts[0]!, /x-request-timeout-ms: 10000/)
        const curl = await new Deno.Command('sh', { args: ['-c', texts[0]!], cwd }).output()
          .catch(() => undefined)
        // A machine without curl has nothing to say about it.
        if (curl?.code !== 127) {
          const { outputs } = JSON.parse(new TextDecoder().decode(curl!.stdout))
          assert.ok(outputs.lines.length > 5)
        }
        const file = await Deno.makeTempFile({ suffix: '.ts' })
        await Deno.writeTextFile(file, texts[1]!)
        const args = ['run', '-A', '--no-config', file]
        const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd }).output()
        await Deno.remove(file)
        const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)
        assert.match(said, /lines: \[/)
      })

      await t.step(
        'a picture that is none, and a floor that nothing reaches, are told',
        async () => {
          const [name, mimeType] = ['words.png', 'image/png']
          const buffer = Buffer.from('words')
          await page.locator('#file').setInputFiles({ name, mimeType, buffer })
          await page.getByText('does not know it as a picture').waitFor()
          await page.getByRole('button', { name: 'note.png' }).click()
          await page.locator('#invite', { hasText: 'note.png' }).waitFor()
          await page.getByLabel(/Deadline/).fill('0')
          await page.getByRole('button', { name: /^Ask/ }).click()
          await page.getByText(/\((infeasible_deadline|deadline_exceeded)\)/).waitFor()
        },
      )

      await t.step('the tab key leads through the question', async () => {
        await page.reload()
        await page.locator('#samples button').first().waitFor()
        await tabsThrough(page, [/Choose a picture/, /page\.jpg/, /Deadline/, /Least accuracy/])
      })

      await t.step('the join page leads back, with the one button that it had', async () => {
        await page.goto(`${pool.url}/node`)
        assert.equal(await page.getByRole('link', { name: 'Shoal' }).getAttribute('href'), '/')
        assert.equal(await page.getByRole('button', { name: /start|join/i }).count(), 1)
        await assertReadable(page, 'join')
      })

      await t.step('each page weighs little', async () => {
        const weights = {
          '/': await weigh(browser, pool.url, (page) => page.locator('#node-rows tr').waitFor()),
          '/try': await weigh(
            browser,
            `${pool.url}/try`,
            (page) => page.locator('#samples button').first().waitFor(),
          ),
          '/node': await weigh(
            browser,
            `${pool.url}/node`,
            (page) => page.locator('#join:enabled').waitFor(),
          ),
        }
        console.log('transferred bytes:', weights)
        for (const [path, bytes] of Object.entries(weights)) {
          assert.ok(bytes > 1000 && bytes <= MOST_BYTES, `${path}: ${bytes} bytes`)
        }
      })

      await t.step(
        'the calls of the API are in view on a phone, without scrolling to the side',
        async () => {
          await page.setViewportSize(PHONE)
          await page.goto(`${pool.url}/docs`)
          assert.ok(await fits(page))
          const beyond = await page.locator('article .scroll').evaluateAll((all) =>
            all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)
          )
          assert.deepEqual(beyond, [])
          assert.ok(await page.locator('article').count() > 20)
          await assertReadable(page, 'API')
        },
      )

      await t.step('a browser that cannot run a page is told so', async () => {
        const old = await browser.newPage()
        await old.route('**/assets/*.js', (route) =>
          route.fulfill({ body: 'not { script', contentType: 'text/javascript' }))
        for (const path of ['/', '/try', '/documents', '/node']) {
          await old.goto(pool.url + path)
          // As it is after a while; the clock of an animation can be set.
          await old.evaluate(() => {
            for (const animation of document.getAnimations()) {
              animation.finish()
            }
          })
          const told = old.getByText('this browser may be too old')
          assert.ok((await told.boundingBox())!.height > 50)
          await page.goto(pool.url + path)
          await page.locator('#not-loaded').waitFor({ state: 'detached' })
        }
        await old.close()
      })

      assert.deepEqual(
        complaints.filter((text) =>
          !/status of (409|503|504)/.test(text)
        ),
        [],
        'no error on the console, none of the content policy',
      )
      stays.kill()
    }),
}))

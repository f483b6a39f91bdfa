/** The join page as an element of another origin's page: who may show it, and what joins in it. */
import assert from 'node:assert/strict'
import type { Frame, Page } from 'playwright-core'
import { SMALL } from '../../src/bench/requeue/scene.ts'
import { createKeyring, hashOf, makeKey } from '../../src/coordinator/core/keys.ts'
import {
  fits,
  joinButton,
  launch,
  type Pool,
  skippedWithout,
  startPool,
  type TestBrowser,
  wantChromium,
} from './fixture.ts'

const executable = await wantChromium()
const TOKEN = makeKey('node')

interface Site {
  /** Where the coordinator was told of it, and a name that it was not told of. */
  allowed: string
  other: string
}

/** A site whose every page has the markup that stands in the query of its address. */
async function withSite(
  test: (site: Site, browser: TestBrowser, pool: Pool) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: '127.0.0.1', onListen() {} }, (request) => {
    const { pathname, searchParams } = new URL(request.url)
    return new Response(`<!doctype html><title>Another site</title>${searchParams.get('body')}`, {
      headers: {
        'content-type': 'text/html; charset=utf-8',
        ...(pathname === '/isolated'
          ? {
            'cross-origin-opener-policy': 'same-origin',
            'cross-origin-embedder-policy': 'require-corp',
          }
          : {}),
      },
    })
  })
  const { port } = server.addr
  const site = { allowed: `http://127.0.0.1:${port}`, other: `http://localhost:${port}` }
  const key = { name: 'volunteers', role: 'node', sha256: hashOf(TOKEN) } as const
  const [browser, pool] = await Promise.all([
    launch(executable!),
    startPool({
      ...{ variants: SMALL, keyring: createKeyring([key]), allowEmbeds: [site.allowed] },
    }),
  ])
  try {
    await test(site, browser, pool)
  } finally {
    await browser.close()
    await pool.end()
    await server.shutdown()
  }
}

const elementOf = (
  { url }: Pool,
  attributes = `name="embedded" coordinator="${url}/node#t=${TOKEN}"`,
) => `<script type="module" src="${url}/embed.js"></script><shoal-node ${attributes}></shoal-node>`

async function open(browser: TestBrowser, origin: string, body: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1000, height: 900 } }))
    .newPage()
  page.setDefaultTimeout(15_000)
  await page.goto(`${origin}?body=${encodeURIComponent(body)}`)
  return page
}

/** The frame, with its button scrolled to as a volunteer does. */
async function frameOf(page: Page): Promise<Frame> {
  const frame = (await (await page.locator('iframe').elementHandle())!.contentFrame())!
  await frame.locator('#framed').waitFor()
  await frame.locator('#agreement').evaluate((words) => words.scrollIntoView({ block: 'end' }))
  return frame
}

const canJoin = (frame: Frame) => frame.locator('#join:enabled').waitFor()

/** Does something of which the frame hears an event, and waits until it was dealt with. */
async function heard(frame: Frame, event: string, act: () => Promise<unknown>): Promise<void> {
  await frame.evaluate((event) => {
    const heard = new Promise<void>((done) =>
      // A turn later: after whatever it does.
      globalThis.addEventListener(event, () => setTimeout(done), { once: true, capture: true })
    )
    Object.assign(globalThis, { heard })
  }, event)
  await act()
  await frame.evaluate(() => (globalThis as unknown as { heard: Promise<void> }).heard)
}

/** A press of the mouse where the button is, whatever lies over it. */
async function pressButton(page: Page, frame: Frame): Promise<void> {
  const { x, y, width, height } = (await frame.locator('#join').boundingBox())!
  await heard(frame, 'pointerup', () => page.mouse.click(x + width / 2, y + height / 2))
}

async function assertNothingRuns(frame: Frame, pool: Pool): Promise<void> {
  assert.ok(await frame.locator('#live').isHidden())
  assert.equal(frame.page().workers().length, 0)
  assert.equal(pool.pool.nodes().length, 0)
}

function testEmbedded(
  name: string,
  fn: (site: Site, browser: TestBrowser, pool: Pool, t: Deno.TestContext) => Promise<void>,
): void {
  Deno.test({
    name: `${name}${skippedWithout(executable)}`,
    ignore: executable === undefined,
    // The browser's driver keeps timers and pipes of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: (t) => withSite((site, browser, pool) => fn(site, browser, pool, t)),
  })
}

testEmbedded('a page of a site that is allowed embeds the join page', async (
  { allowed },
  browser,
  pool,
  t,
) => {
  await t.step('one click in the frame joins, the node serves, and Stop ends it', async () => {
    const page = await open(browser, allowed, elementOf(pool))
    const urls: string[] = []
    page.on('request', (request) => urls.push(request.url()))
    const frame = await frameOf(page)
    assert.ok((await frame.locator('#framed').textContent())!.includes(new URL(pool.url).host))
    assert.ok(await frame.getByText('One thread does each piece of work here').isVisible())
    await canJoin(frame)
    await assertNothingRuns(frame, pool)
    await frame.getByLabel('Pause while other programs').uncheck()
    await frame.locator('#agreement').scrollIntoViewIfNeeded()
    await canJoin(frame)
    await joinButton(frame).click()
    const { name } = await pool.full('embedded')
    const { status, answer } = await pool.read()
    assert.equal(status, 200)
    assert.ok(answer.stages.every((stage) => stage.node === name))
    await frame.getByRole('button', { name: 'Stop' }).click()
    await frame.getByRole('heading', { name: 'Stopped' }).waitFor()
    assert.ok(pool.lines.includes('node embedded left: stopped by the volunteer'))
    assert.ok(urls.every((url) => !url.includes(TOKEN)))
  })

  await t.step(
    'a token may be set before the script has come; the frame fits a phone',
    async () => {
      const page = await open(
        browser,
        allowed,
        `<shoal-node></shoal-node><script>document.querySelector('shoal-node').token = '${TOKEN}'` +
          `</script><script type="module" src="${pool.url}/embed.js"></script>`,
      )
      const frame = await frameOf(page)
      assert.equal(await frame.evaluate(() => location.hash), `#t=${TOKEN}`)
      assert.ok(!(await page.content()).includes(`"${TOKEN}`))
      await page.setViewportSize({ width: 390, height: 844 })
      assert.ok(await fits(frame))
    },
  )

  await t.step('an isolated page hands its memory on, which threads may share', async () => {
    const frame = await frameOf(await open(browser, `${allowed}/isolated`, elementOf(pool)))
    assert.equal(await frame.evaluate(() => crossOriginIsolated), true)
    assert.ok(await frame.locator('#framed-thread').isHidden())
  })

  await t.step('where a browser cannot tell what is seen, a tab of its own joins', async () => {
    const context = await browser.newContext()
    await context.addInitScript('delete IntersectionObserverEntry.prototype.isVisible')
    const page = await context.newPage()
    await page.goto(`${allowed}?body=${encodeURIComponent(elementOf(pool))}`)
    const frame = await frameOf(page)
    await frame.getByText('This browser cannot tell').waitFor()
    assert.ok(await frame.locator('#join').isDisabled())
    const opened = context.waitForEvent('page')
    await frame.getByRole('link', { name: 'Join in a tab of its own' }).click()
    const tab = await opened
    assert.equal(tab.url(), `${pool.url}/node#t=${TOKEN}&name=embedded`)
    await tab.locator('#join:enabled').waitFor()
    assert.equal(await tab.getByLabel('Name shown to others').inputValue(), 'embedded')
  })
})

testEmbedded('a page of a site that is not allowed can show no frame of it', async (
  { allowed, other },
  browser,
  pool,
) => {
  const refused = async (origin: string, body: string, why: RegExp) => {
    const page = await (await browser.newContext()).newPage()
    const told = page.waitForEvent('console', (message) => why.test(message.text()))
    await page.goto(`${origin}?body=${encodeURIComponent(body)}`)
    await told
    for (const frame of page.frames()) assert.equal(await frame.locator('#join').count(), 0)
  }
  const frame = (path: string) => `<iframe src="${pool.url}${path}"></iframe>`
  await refused(other, frame('/node/embed'), /frame-ancestors/)
  await refused(other, elementOf(pool), /CORS policy/)
  // The site that is allowed has the one page that guards its button, and no other.
  for (const path of ['/node', '/', '/try', '/documents', '/docs']) {
    await refused(allowed, frame(path), /frame-ancestors/)
  }
  // Nor may a page that is allowed be framed itself by one that is not.
  const between = `${allowed}?body=${encodeURIComponent(frame('/node/embed'))}`
  await refused(other, `<iframe src="${between}"></iframe>`, /frame-ancestors/)
})

testEmbedded('a frame that is not really seen joins by no click', async (
  { allowed },
  browser,
  pool,
  t,
) => {
  const cover = '<div id="cover" hidden style="position: fixed; inset: 0; background: white; ' +
    'pointer-events: none">Win a prize here</div>'
  const page = await open(browser, allowed, elementOf(pool) + cover)
  const frame = await frameOf(page)
  const element = page.locator('shoal-node')
  const style = (text: string) => element.evaluate((one, text) => one.style.cssText = text, text)

  /** It could be joined in; then it could not, whatever is pressed; then it can be again. */
  const attack = async (begin: () => Promise<unknown>, end: () => Promise<unknown>) => {
    await canJoin(frame)
    await begin()
    await frame.locator('#join:disabled').waitFor()
    await pressButton(page, frame)
    await assertNothingRuns(frame, pool)
    await end()
    await canJoin(frame)
  }

  await t.step(
    'one that is transparent',
    () => attack(() => style('opacity: .01'), () => style('')),
  )

  await t.step('one that is covered by what lets clicks through', () =>
    attack(
      () => page.locator('#cover').evaluate((one) => one.toggleAttribute('hidden')),
      () => page.locator('#cover').evaluate((one) => one.toggleAttribute('hidden')),
    ))

  for (
    const [what, text] of [
      ['blurred', 'filter: blur(9px)'],
      ['blended with what lies below', 'mix-blend-mode: multiply'],
      ['turned', 'transform: rotate(5deg)'],
      ['shrunk by a transform', 'transform: scale(.3)'],
      ['shrunk by a zoom', 'zoom: .3'],
      ['too low', 'height: 200px'],
      ['too narrow', 'width: 200px'],
      ['cut', 'clip-path: inset(95% 0 0 0)'],
    ] as const
  ) {
    await t.step(`one that is ${what}`, async () => {
      await canJoin(frame)
      await style(text)
      await frame.locator('#join:disabled').waitFor()
      await style('')
      await frame.locator('#agreement').evaluate((words) => words.scrollIntoView({ block: 'end' }))
      await canJoin(frame)
    })
  }

  await t.step('one that was never seen says what keeps it', async () => {
    const hidden = await open(
      browser,
      allowed,
      `${elementOf(pool)}<style>shoal-node { opacity: .01 }</style>`,
    )
    const frame = await frameOf(hidden)
    await frame.locator('#framed-why').waitFor()
    assert.match((await frame.locator('#framed-why').textContent())!, /seen in full/)
    await pressButton(hidden, frame)
    await assertNothingRuns(frame, pool)
  })
})

testEmbedded('the page around a frame cannot join in the place of its visitor', async (
  { allowed },
  browser,
  pool,
  t,
) => {
  const page = await open(
    browser,
    allowed,
    `<iframe width="600" height="700" src="${pool.url}/node/embed#join"></iframe>`,
  )
  const frame = await frameOf(page)
  await canJoin(frame)

  await t.step('by messages', async () => {
    for (
      const message of [
        ...['join', 'start', { type: 'join' }, { type: 'submit' }],
        { id: '1', type: 'APPLY', path: ['start'], argumentList: [] },
        { id: '2', type: 'GET', path: ['start'] },
      ]
    ) {
      await heard(
        frame,
        'message',
        () => page.evaluate((message) => frames[0]!.postMessage(message, '*'), message),
      )
    }
    await assertNothingRuns(frame, pool)
  })

  await t.step('by a click that a script makes', async () => {
    await frame.evaluate(() => document.getElementById('join')!.click())
    await assertNothingRuns(frame, pool)
  })

  await t.step('by the focus, and keys that were meant for it', async () => {
    await page.locator('iframe').focus()
    await frame.evaluate(() => document.getElementById('join')!.focus())
    for (const key of ['Enter', ' ']) {
      await heard(frame, 'keyup', () => page.keyboard.press(key))
      await assertNothingRuns(frame, pool)
    }
  })

  await t.step('but who comes by the Tab key may', async () => {
    await page.keyboard.press('Tab')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await frame.getByRole('heading', { name: 'Not let in' }).waitFor()
    await frame.getByText('its token is missing or wrong').first().waitFor()
  })
})

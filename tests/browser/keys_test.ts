/** Pages of a coordinator that asks for keys: who has one gets on, and no address tells of it. */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { SMALL } from '../../src/bench/requeue/scene.ts'
import {
  createKeyring,
  hashOf,
  type Key,
  makeKey,
  type Role,
  ROLES,
} from '../../src/coordinator/core/keys.ts'
import { joinButton, launch, skippedWithout, startPool, wantChromium } from './fixture.ts'

const executable = await wantChromium()

/** Addresses that a page asked for, and what it complained of. */
async function watch(page: Page) {
  const urls: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => urls.push(request.url()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    const text = message.text()
    // A browser says so itself of each answer that is no success.
    if (message.type() === 'error' && !/status of 40[13]/.test(text)) complaints.push(text)
  })
  await page.setViewportSize({ width: 1280, height: 900 })
  return { urls, complaints }
}

Deno.test({
  name: `pages ask for a key and take no other; a join link brings its own${
    skippedWithout(executable)
  }`,
  ignore: executable === undefined,
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const texts = { node: makeKey('node'), client: makeKey('client'), admin: makeKey('admin') }
    const keyOf = (role: Role, text: string): Key => ({ name: role, role, sha256: hashOf(text) })
    const keys = ROLES.map((role) => keyOf(role, texts[role]))
    const keyring = createKeyring(keys)
    const [browser, pool] = await Promise.all([
      launch(executable!),
      startPool({ keyring, variants: SMALL }),
    ])
    const give = async (page: Page, key: string) => {
      await page.getByLabel(/^Key of/).fill(key)
      await page.getByRole('button', { name: 'Use this key' }).click()
    }
    try {
      await t.step(
        'the dashboard: a wrong key, one in quotes, one of a client, one of an admin',
        async () => {
          const page = await (await browser.newContext()).newPage()
          const { urls, complaints } = await watch(page)
          await page.goto(pool.url)
          await page.getByText('Cannot take this call without a key').waitFor()
          await give(page, 'wrong')
          await page.getByText('its key is not one of ours').waitFor()
          await give(page, `“${texts.admin}”`)
          await page.getByText('characters that no key has').waitFor()
          await give(page, texts.client)
          await page.getByText('it is for role admin').waitFor()
          await give(page, texts.admin)
          await page.getByLabel(/^Key of/).waitFor({ state: 'hidden' })
          await page.getByText('No device has joined yet').waitFor()
          // It lasts as long as the tab.
          await page.reload()
          await page.getByText('No device has joined yet').waitFor()
          assert.ok(!await page.getByLabel(/^Key of/).isVisible())
          // Nothing is shown to who has a key no longer, and the page asks for another.
          const news = page.getByText('The coordinator does not answer')
          keyring.replace([...keys.filter(({ role }) => role !== 'admin'), keyOf('admin', 'other')])
          await page.getByText('its key is not one of ours').waitFor()
          await news.waitFor({ state: 'hidden' })
          keyring.replace(keys)
          await give(page, texts.admin)
          await page.getByText('No device has joined yet').waitFor()
          assert.ok(urls.every((url) => !url.includes(texts.admin)))
          assert.deepEqual(complaints, [])
        },
      )

      await t.step(
        'the try-it page: with a key of a client, which its code does not show',
        async () => {
          const page = await (await browser.newContext()).newPage()
          const { complaints } = await watch(page)
          await page.goto(`${pool.url}/try`)
          await give(page, `${texts.client.slice(0, 4)}…`)
          await page.getByText('characters that no key has').waitFor()
          await give(page, texts.client)
          await page.getByText('$SHOAL_CLIENT_KEY').waitFor()
          assert.ok(!(await page.content()).includes(texts.client))
          assert.deepEqual(complaints, [])
        },
      )

      await t.step(
        'the join page, on a link that may cost: who may join is told how much',
        async () => {
          const context = await browser.newContext()
          await context.addInitScript(
            `Object.defineProperty(navigator, 'connection', { value: { saveData: true } })`,
          )
          for (
            const [hash, says] of [['', /^Download the/], [`#t=${texts.node}`, /^Download \d+ MB/]]
          ) {
            const page = await context.newPage()
            await page.goto(`${pool.url}/node${hash}`)
            await page.getByRole('button', { name: says as RegExp, disabled: false }).waitFor()
          }
        },
      )

      await t.step(
        'the join page: the token of its link lets it in, and without it is told so',
        async () => {
          const page = await (await browser.newContext()).newPage()
          const { urls } = await watch(page)
          await page.goto(`${pool.url}/node#t=${texts.node}`)
          await page.getByLabel('Name shown to others').fill('with a token')
          await joinButton(page).click()
          while (!pool.pool.nodes().some(({ name }) => name === 'with a token')) {
            await new Promise((done) => setTimeout(done, 20))
          }
          assert.ok(urls.every((url) => !url.includes(texts.node)))
          await page.getByRole('button', { name: 'Stop' }).click()
          await joinButton(page).waitFor()

          const other = await (await browser.newContext()).newPage()
          await other.goto(`${pool.url}/node`)
          await joinButton(other).click()
          await other.getByText('its token is missing or wrong').first().waitFor()
          assert.ok(await joinButton(other).isVisible())
        },
      )
    } finally {
      await browser.close()
      await pool.end()
    }
  },
})

/** A browser that lets no page store anything, as one that blocks all cookies. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { joinAs, joinButton, skippedWithout, startPool, wantChromium } from './fixture.ts'
import { ofAll } from '../exhaustive.ts'

const executable = await wantChromium()
const BLOCKED = { profile: { default_content_setting_values: { cookies: 2 } } }

Deno.test(ofAll({
  name: `a tab that may store nothing joins, serves and leaves${skippedWithout(executable)}`,
  ignore: executable === undefined,
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const profile = await Deno.makeTempDir()
    await Deno.mkdir(join(profile, 'Default'))
    await Deno.writeTextFile(join(profile, 'Default', 'Preferences'), JSON.stringify(BLOCKED))
    const [browser, pool] = await Promise.all([
      chromium.launchPersistentContext(profile, {
        executablePath: executable!,
        args: ['--no-sandbox', '--disable-background-networking'],
      }),
      startPool({ variants: ['256x320', 'h16w400'] }),
    ])
    try {
      const page = await browser.newPage()
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(String(error)))
      await page.goto(`${pool.url}/node`)
      const denied = await page.evaluate(() => caches.open('any').then(() => 'none', String))
      assert.match(denied, /SecurityError/)
      await joinAs(page, 'forgetful')
      await page.getByRole('heading', { name: 'Serving' }).waitFor()
      await pool.full('forgetful')
      assert.equal((await pool.read()).status, 200)
      await page.getByRole('button', { name: 'Stop' }).click()
      await joinButton(page).waitFor()
      for (
        const [path, heading] of [['/', 'No device has joined yet'], ['/try', 'Try it']] as const
      ) {
        await page.goto(pool.url + path)
        await page.getByRole('heading', { name: heading }).waitFor()
      }
      assert.deepEqual(complaints, [])
    } finally {
      await browser.close()
      await pool.end()
      await Deno.remove(profile, { recursive: true })
    }
  },
}))

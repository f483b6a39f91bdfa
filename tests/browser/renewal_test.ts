/** A coordinator that comes back with another build: the tab takes that up, and runs no old code. */
import assert from 'node:assert/strict'
import type { NodeInfo } from '../../src/client/types.ts'
import { readSample, startCoordinator } from '../cli/coordinator_process.ts'
import { joinAs, joinButton, launch, openPage, skippedWithout, wantChromium } from './fixture.ts'
import { ofAll } from '../exhaustive.ts'

const executable = await wantChromium()

Deno.test(ofAll({
  name: `a tab takes up the build of a coordinator that comes back${skippedWithout(executable)}`,
  ignore: executable === undefined,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    let coordinator = await startCoordinator('one', '0')
    const { port } = new URL(coordinator.url)
    const browser = await launch(executable!)
    try {
      const { page, workers } = await openPage(browser, coordinator.url)
      const build = () => page.evaluate(() => document.documentElement.dataset['build'])
      const first = await build()
      const old = () => new Set(workers.map((url) => new URL(url).pathname))
      await page.getByLabel('Share of the time').fill('90')
      await joinAs(page, 'tab')
      await readSample(coordinator.url)
      const before = old()
      assert.ok([...before].some((path) => path.startsWith('/assets/worker.')))

      await t.step('the page loads itself anew and goes on as it was', async () => {
        await page.getByRole('button', { name: 'Pause' }).click()
        await page.getByRole('heading', { name: 'Paused' }).waitFor()
        await coordinator.kill()
        workers.length = 0
        coordinator = await startCoordinator('two', port)
        await page.getByText('This page was renewed').waitFor()
        assert.notEqual(await build(), first)
        await page.getByRole('heading', { name: 'Paused' }).waitFor()
        await page.getByRole('button', { name: 'Continue' }).click()
        await readSample(coordinator.url)
        const { nodes } = await (await fetch(`${coordinator.url}/v1/nodes`)).json()
        assert.deepEqual(nodes.map(({ name, duty }: NodeInfo) => ({ name, duty })), [
          { name: 'tab', duty: 0.9 },
        ])
      })

      await t.step('nothing of the old build runs', () => {
        const now = page.workers().map((worker) => new URL(worker.url()).pathname)
        assert.ok(now.length >= 2)
        assert.deepEqual(now.filter((path) => before.has(path)), [])
      })

      await t.step('where the terms have changed the page waits for a click', async () => {
        await page.getByRole('button', { name: 'Stop' }).click()
        await joinButton(page).waitFor()
        await page.evaluate(() =>
          sessionStorage.setItem(
            'shoal.going-on',
            JSON.stringify({ choices: { name: 'sly' }, paused: false, terms: 'other terms' }),
          )
        )
        workers.length = 0
        await page.reload({ waitUntil: 'networkidle' })
        await page.getByText('what you agree to has changed').waitFor()
        assert.ok(await joinButton(page).isEnabled())
        assert.deepEqual(workers, [])
        await page.reload({ waitUntil: 'networkidle' })
        assert.ok(await page.locator('#news').isHidden(), 'it is said once')
      })
    } finally {
      await browser.close()
      await coordinator.kill()
    }
  },
}))

/** A tab goes in the middle of a batch: its items are done by another node; a tab that returns serves. */
import assert from 'node:assert/strict'
import { startRequeueScene } from '../../src/bench/requeue/scene.ts'
import { joinTab, sufferTab, TAB_FAULTS } from '../../src/bench/requeue/tabs.ts'
import { findChromium } from '../../src/cli/chromium.ts'
import { USUAL } from '../../src/cli/serve/serving.ts'
import { ofAll } from '../exhaustive.ts'
import { joinButton, launch, testAssets } from './fixture.ts'

const executable = await findChromium()
const skipped = executable === undefined
  ? ' (skipped: no Chromium; apt-get install chromium, or name one in CHROMIUM)'
  : ''

Deno.test(ofAll({
  name: `items of a tab that goes are done by another node${skipped}`,
  ignore: executable === undefined,
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const browser = await launch(executable!)
    const scene = await startRequeueScene(USUAL, await testAssets())
    try {
      await scene.addNode('sound')
      const page = await joinTab(browser, scene, 'tab')
      // The one that it does not come back from is the last.
      for (const [what, fault] of Object.entries(TAB_FAULTS).reverse()) {
        await t.step(what, async () => {
          const { lost, statuses, answers } = await sufferTab(scene, page, 'tab', fault)
          assert.ok(lost.length > 0)
          assert.ok(lost.every(({ finished, requeuedMs }) => finished || requeuedMs !== undefined))
          assert.ok(lost.every(({ answeredMs }) => answeredMs !== undefined))
          assert.deepEqual(Object.keys(statuses), ['200'])
          assert.deepEqual(answers, { 1: statuses['200'] })
        })
        if (what === 'tab closed') break
        await t.step(`${what}: back again, one click and it serves`, async () => {
          await page.goBack()
          await joinButton(page).click()
          const id = await scene.full('tab')
          const served = scene.ledger.finishedOn(id)
          const load = scene.startLoad()
          await served
          const statuses = await load.stop()
          assert.deepEqual(Object.keys(statuses), ['200'])
          assert.deepEqual(scene.ledger.takeAnswers(), { 1: statuses['200'] })
        })
      }
    } finally {
      await browser.close()
      await scene.end()
    }
  },
}))

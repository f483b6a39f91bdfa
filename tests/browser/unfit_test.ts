/** A tab that can hold nothing of what is served says so, and why, rather than getting ready. */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { inFolder, ofEach, tensorsTask, withServing } from '../cli/own_scene.ts'
import { joinAs, launch, skippedWithout, testAssets, wantChromium } from './fixture.ts'

const executable = await wantChromium()

/** Joins a page to a pool whose only variant takes so much memory, and without some of its files. */
function testTab(
  name: string,
  memoryBytes: number,
  fn: (page: Page) => Promise<void>,
  without?: RegExp,
): void {
  const only = { a: { accuracy: 1, model: 'a.onnx', referenceMs: 1, memoryBytes } }
  const pipeline = {
    ...{ schema: 'shoal-pipeline/1', name: 'own', sloMs: 20_000, root: 'only' },
    tasks: { only: tensorsTask(only) },
  }
  Deno.test({
    name: `${name}${skippedWithout(executable)}`,
    ignore: executable === undefined,
    // The browser's driver keeps timers and pipes of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () =>
      inFolder(
        { 'pipeline.json': pipeline, 'a.onnx': ofEach('Neg') },
        async (dir) =>
          withServing(dir, 0, async ({ localUrl }) => {
            const browser = await launch(executable!)
            try {
              const page = await (await browser.newContext()).newPage()
              await page.goto(`${localUrl}/node`)
              await fn(page)
            } finally {
              await browser.close()
            }
          }, { assets: await assetsWithout(without) }),
      ),
  })
}

async function assetsWithout(names?: RegExp) {
  const all = [...await testAssets()]
  return new Map(names === undefined ? all : all.filter(([path]) => !names.test(path)))
}

const say = (page: Page) => page.locator('#say').textContent()

testTab('a tab with too little memory says what is too large', 1.5e9, async (page) => {
  await page.getByLabel('Memory at most').selectOption('500')
  await joinAs(page, 'small')
  await page.getByRole('heading', { name: 'Nothing here fits this device' }).waitFor()
  assert.match((await say(page))!, /^The least takes about 1500 MB of memory, .* hold \d+ MB\.$/)
  assert.equal(await page.locator('#doing').textContent(), 'nothing')
})

testTab('a tab that gets no model says why', 1e6, async (page) => {
  await page.route(/\/models\//, (route) => route.fulfill({ status: 404 }))
  await joinAs(page, 'empty')
  await page.getByRole('heading', { name: 'Nothing could be loaded' }).waitFor()
  assert.match((await say(page))!, /404/)
})

testTab('a tab whose worker has no script says so', 1e6, async (page) => {
  await joinAs(page, 'old')
  await page.getByRole('heading', { name: 'Nothing could be loaded' }).waitFor()
  assert.equal(await say(page), 'The worker ended: its script could not be loaded.')
}, /inference/)

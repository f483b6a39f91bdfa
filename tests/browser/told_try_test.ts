/** The try-it page: which picture is shown and asked about, and how it is sent. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { ROOT } from '../../src/cli/root.ts'
import { PIXEL_PNG } from '../coordinator/fixture.ts'
import { assertReadable } from './page_checks.ts'
import { pipelineOf, type Teller, testTold } from './told.ts'

/** One point that is transparent. */
const CLEAR_GIF = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'

function testTry(name: string, fn: (page: Page, teller: Teller) => Promise<void>): void {
  testTold(name, async (page, teller) => {
    await page.addInitScript(holdLarge)
    await page.goto(`${teller.url}/try`)
    await fn(page, teller)
  })
}

/** Pictures wider than 300 points take until `release` is called to be read. */
function holdLarge(): void {
  const real = createImageBitmap
  const { promise, resolve } = Promise.withResolvers<void>()
  Object.assign(globalThis, {
    async createImageBitmap(blob: Blob) {
      const read = await real(blob)
      if (read.width > 300) await promise
      return read
    },
    /** Resolves when all that follows from it has been done. */
    async release() {
      resolve()
      await new Promise((done) => setTimeout(done))
    },
  })
}

const release = (page: Page) =>
  page.evaluate(() => (globalThis as unknown as { release(): Promise<void> }).release())

async function choose(page: Page, name: string, width: number): Promise<void> {
  const bytes = await page.evaluate(async (width) => {
    const canvas = new OffscreenCanvas(width, 50)
    canvas.getContext('2d')!.fillRect(0, 0, width, 50)
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())]
  }, width)
  const buffer = Buffer.from(bytes)
  await page.locator('#file').setInputFiles({ name, mimeType: 'image/png', buffer })
}

const shown = (page: Page, name: string) => page.locator('#invite', { hasText: name }).waitFor()

testTry('a picture that is converted is laid on white', async (page, teller) => {
  const buffer = Buffer.from(CLEAR_GIF, 'base64')
  await page.locator('#file').setInputFiles({ name: 'clear.gif', mimeType: 'image/gif', buffer })
  await page.locator('#go:enabled').click()
  await page.locator('#fault').waitFor()
  const [sent] = teller.pictures
  assert.equal(sent!.type, 'image/jpeg')
  const point = await page.evaluate(async (bytes) => {
    const read = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' }))
    const context = new OffscreenCanvas(1, 1).getContext('2d')!
    context.drawImage(read, 0, 0)
    return [...context.getImageData(0, 0, 1, 1).data]
  }, [...new Uint8Array(await sent!.arrayBuffer())])
  assert.deepEqual(point, [255, 255, 255, 255])
})

testTry('a picture is sent as what it is, whatever it was saved as', async (page, teller) => {
  const buffer = Buffer.from(CLEAR_GIF, 'base64')
  for (const [file, type] of [[PIXEL_PNG, 'image/png'], [buffer, 'image/jpeg']] as const) {
    const before = teller.pictures.length
    const name = `${before}.jpg`
    await page.locator('#file').setInputFiles({
      ...{ name, mimeType: 'image/jpeg', buffer: Buffer.from(file) },
    })
    await shown(page, `${name}, 1 × 1`)
    await page.locator('#go:enabled').click()
    await page.locator('#fault').waitFor()
    const sent = teller.pictures[before]!
    assert.equal(sent.type, type)
    const [first] = new Uint8Array(await sent.arrayBuffer())
    assert.equal(first, type === 'image/png' ? 0x89 : 0xff)
  }
})

testTry('a sample that cannot be had is told of in words', async (page) => {
  await page.route('**/assets/**', (route) => route.abort())
  await page.getByRole('button', { name: 'note.png' }).click()
  await page.locator('#fault', { hasText: 'the coordinator does not answer' }).waitFor()
})

testTold('a file is taken again after a sample', async (page, teller) => {
  await page.goto(`${teller.url}/try`)
  await page.getByRole('button', { name: 'note.png' }).waitFor()
  // As a person does it: what was chosen already is no change to a browser.
  const driver = await page.context().newCDPSession(page)
  const { root: { nodeId } } = await driver.send('DOM.getDocument')
  const field = await driver.send('DOM.querySelector', { nodeId, selector: '#file' })
  const files = [join(ROOT, 'demo', 'samples', 'shelf-2.jpg')]
  await driver.send('DOM.setFileInputFiles', { ...field, files })
  await shown(page, 'shelf-2.jpg')
  await page.getByRole('button', { name: 'note.png' }).click()
  await shown(page, 'note.png')
  await driver.send('DOM.setFileInputFiles', { ...field, files })
  await shown(page, 'shelf-2.jpg')
})

testTry('a picture that takes longer to read than one chosen later is not shown', async (page) => {
  await choose(page, 'large.png', 400)
  await choose(page, 'small.png', 100)
  await shown(page, 'small.png')
  await release(page)
  await shown(page, 'small.png, 100 × 50')
})

testTry('the answer for a picture is not shown with another one', async (page, teller) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  teller.before = promise
  await choose(page, 'small.png', 100)
  await shown(page, 'small.png')
  await choose(page, 'large.png', 400)
  // Asked while the next one is still read.
  const asked = page.waitForRequest(/infer$/)
  await page.locator('#go').click()
  await asked
  const givenUp = page.waitForEvent('requestfailed')
  await release(page)
  await shown(page, 'large.png')
  resolve()
  await givenUp
  assert.ok(await page.locator('#answer').isHidden())
})

testTry(
  'what was drawn for an answer goes with it, and so does what rules it',
  async (page, teller) => {
    const box = [[10, 10], [60, 10], [60, 30], [10, 30]]
    teller.answer = {
      ...{
        id: '1',
        pipeline: 'own',
        version: 1,
        accuracy: 0.9,
        deadlineMs: 1000,
        latencyMs: 12,
        modelledJ: 1,
        path: {},
      },
      ...{ stages: [], outputs: { lines: [{ text: 'here', confidence: 1, box }] } },
    }
    await choose(page, 'small.png', 100)
    await page.locator('#go:enabled').click()
    const over = page.getByLabel('Write the answer over the picture')
    await over.check()
    await page.locator('#canvas-holder text', { hasText: 'here' }).waitFor()

    teller.answer = undefined
    await page.locator('#go:enabled').click()
    await page.getByRole('alert').getByText('nothing is here').waitFor()
    assert.equal(await page.locator('#canvas-holder svg').count(), 0)
    assert.ok(await over.isHidden())
  },
)

testTold('what is served is asked for until it is told', async (page, teller) => {
  const told = teller.pipelines
  teller.pipelines = undefined
  await page.clock.install()
  await page.goto(`${teller.url}/try`)
  const fault = page.getByRole('alert').getByText('does not tell what is served')
  await fault.waitFor()
  await assertReadable(page, 'the try-it page that waits')

  teller.pipelines = told
  await page.clock.fastForward(4000)
  await fault.waitFor({ state: 'hidden' })
  await choose(page, 'mine.png', 100)
  await page.locator('#go:enabled').click()
  await page.getByRole('alert').getByText('nothing is here').waitFor()
})

testTold(
  'a pipeline is asked with its own deadline, however short or long, until it is changed',
  async (page, teller) => {
    for (const sloMs of [20, 50, 79_000, 500_000]) {
      teller.pipelines = [{ ...pipelineOf('own', { only: 0.9 }), sloMs }]
      await page.goto(`${teller.url}/try`)
      await page.locator('#deadline-out', { hasText: 'as usual' }).waitFor()
      assert.doesNotMatch((await page.locator('#curl').textContent())!, /timeout/)
      const asked: number[] = []
      for (const at of ['0', '100']) {
        await page.locator('#deadline').fill(at)
        const [, ms] = /timeout-ms: (\d+)/.exec((await page.locator('#curl').textContent())!) ?? []
        asked.push(Number(ms))
      }
      const [least, most] = asked as [number, number]
      assert.ok(least >= 1 && least < sloMs && most > sloMs && most <= 600_000, `${asked}`)
    }
  },
)

testTry(
  'an answer of a pipeline reloaded since is told by what it is now',
  async (page, teller) => {
    await choose(page, 'small.png', 100)
    await page.locator('#go:enabled').waitFor()
    teller.pipelines = [{ ...pipelineOf('own', { better: 0.97 }), version: 2 }]
    const times = { batch: 1, items: 1, queueMs: 0, networkMs: 1, computeMs: 11 }
    teller.answer = {
      ...{ id: '1', pipeline: 'own', version: 2, accuracy: 0.97, deadlineMs: 1000, latencyMs: 12 },
      modelledJ: 1,
      path: { read: { better: 1 } },
      stages: [{ task: 'read', variant: 'better', node: 'alice', backend: 'wasm', ...times }],
      outputs: { lines: [] },
    }
    await page.locator('#go').click()
    await page.locator('#path', { hasText: '1 item, accuracy 97.0 %' }).waitFor()
    // What cannot be had is left out.
    teller.pipelines = undefined
    teller.answer = { ...teller.answer, version: 3, path: { read: { best: 2 } } }
    await page.locator('#go').click()
    await page.locator('#path', { hasText: 'best 2 items' }).waitFor()
    assert.doesNotMatch((await page.locator('#path').textContent())!, /accuracy/)
  },
)

testTold('where nothing takes a picture none is asked for', async (page, teller) => {
  teller.pipelines = [{ ...pipelineOf('flowers', { large: 0.9 }), takes: 'tensors' }]
  await page.goto(`${teller.url}/try`)
  await page.getByText('takes tensors, neither').waitFor()
  assert.equal(await page.locator('main :is(button, input, select, pre):visible').count(), 0)
  assert.equal(await page.getByRole('link', { name: 'Every call' }).getAttribute('href'), '/docs')
  await assertReadable(page, 'no pictures')
})

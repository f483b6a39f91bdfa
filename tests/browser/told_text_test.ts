/** The try-it page with pipelines that say texts: as they come, and as what they are. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { Page } from 'playwright-core'
import { PIXEL_PNG } from '../coordinator/fixture.ts'
import { assertReadable } from './page_checks.ts'
import { pipelineOf, type Teller, testTold } from './told.ts'

const scribe = { ...pipelineOf('scribe', { only: 0.9 }), takes: 'text', generates: true } as const
const slip = { ...pipelineOf('slip', { only: 0.9 }), generates: true }

const answerOf = (pipeline: string, outputs: Record<string, unknown>) => ({
  ...{ id: '1', pipeline, version: 1, outputs, accuracy: 0.9, deadlineMs: 1000, latencyMs: 12 },
  ...{ modelledJ: 1, path: { read: { only: 1 } }, stages: [] },
  generated: { finish: 'stop' as const, promptTokens: 20, completionTokens: 31 },
})

const ITEMS = '"items":[{"name":"Tea","price":"2.10"},{"name":"Cake","price":"3.40"}]'

async function assertFits(page: Page, what: string): Promise<void> {
  for (const width of [390, 1280]) {
    await page.setViewportSize({ width, height: 900 })
    const over = await page.evaluate(() =>
      document.documentElement.scrollWidth - document.documentElement.clientWidth
    )
    assert.ok(over <= 0, `${what} is ${over} pixels too wide for ${width}`)
    await assertReadable(page, `${what}, ${width} wide`)
  }
}

/** With what is served, and the answer held back until `end`. */
async function open(page: Page, teller: Teller, pipelines: Teller['pipelines']) {
  const { promise, resolve } = Promise.withResolvers<void>()
  teller.pipelines = pipelines
  teller.before = promise
  await page.goto(`${teller.url}/try`)
  return resolve
}

testTold('a text is asked about, and its answer is read while it comes', async (page, teller) => {
  const end = await open(page, teller, [scribe])
  assert.ok(await page.locator('#drop').isHidden())
  assert.ok(await page.locator('#go').isDisabled())
  await page.getByLabel('Text', { exact: true }).fill(`Tea's 2.10\nCake 3.40`)
  teller.said = ['{"merchant":"Star Grill",', ITEMS]
  await page.locator('#go:enabled').click()
  const said = page.getByRole('region', { name: 'As it was said' })
  await said.getByText('"Star Grill"').waitFor()
  assert.equal(await page.locator('#go').textContent(), 'Asking')
  assert.ok(await page.locator('#good').isHidden())

  teller.answer = answerOf('scribe', { read: [{ text: '...', finish: 'stop' }] })
  end()
  // It broke off where the object ends: what is no JSON is a text.
  await page.locator('#count', { hasText: '31' }).waitFor()
  assert.equal(await page.locator('#values table').count(), 0)
  assert.equal(
    await teller.pictures[0]!.text().then((body) => JSON.parse(body).inputs[0].data[0]),
    `Tea's 2.10\nCake 3.40`,
  )

  teller.said = ['{"merchant":"Star Grill",', `${ITEMS}}`]
  await page.getByRole('button', { name: 'Ask again' }).click()
  await page.getByRole('rowheader', { name: 'merchant' }).waitFor()
  const items = page.locator('#values td table')
  assert.deepEqual(await items.locator('th').allTextContents(), ['name', 'price'])
  assert.deepEqual(await items.locator('td').allTextContents(), ['Tea', '2.10', 'Cake', '3.40'])
  assert.equal(await page.locator('#lines li').count(), 0)
  for (
    const [kind, part] of [
      ['curl', `--data-raw 'Tea'\\''s 2.10`],
      ['python', 'pool.generate("scribe", text="Tea\'s 2.10\\nCake 3.40")'],
      ['openai', '"content": "Tea\'s 2.10\\nCake 3.40"'],
    ] as const
  ) {
    const code = (await page.locator(`#${kind}`).textContent())!
    assert.ok(code.includes(part), code)
  }
  await assertFits(page, 'the try-it page with a text')

  teller.answer = undefined
  teller.said = ['half']
  await page.getByRole('button', { name: 'Ask again' }).click()
  await page.getByRole('alert').getByText('nothing is here').waitFor()
  assert.equal(await said.textContent(), 'half')
})

testTold('what is read of a picture stands beside it, its lines upon it', async (page, teller) => {
  const end = await open(page, teller, [pipelineOf('own', { only: 0.9 }), scribe, slip])
  end()
  const choose = page.getByLabel('Pipeline')
  await choose.selectOption('scribe')
  await page.getByLabel('Text', { exact: true }).waitFor()
  await choose.selectOption('slip')
  await page.getByLabel('Text', { exact: true }).waitFor({ state: 'hidden' })
  const buffer = Buffer.from(PIXEL_PNG)
  await page.locator('#file').setInputFiles({ name: 'slip.png', mimeType: 'image/png', buffer })
  const box = [[0, 0], [1, 0], [1, 1], [0, 1]]
  teller.said = ['{"total":"5.50"}']
  teller.answer = answerOf('slip', {
    ...{ slip: { total: '5.50' }, lines: [{ text: 'TOTAL 5.50', confidence: 0.9, box }] },
  })
  await page.locator('#go:enabled').click()
  await page.getByRole('row', { name: 'total 5.50' }).waitFor()
  await page.locator('#canvas-holder svg polygon').waitFor()
  await page.locator('#lines li', { hasText: 'TOTAL 5.50' }).waitFor()
  assert.match((await page.locator('#openai').textContent())!, /data:image\/png;base64,\{picture\}/)
  await assertFits(page, 'the try-it page with a slip')

  await choose.selectOption('own')
  await page.locator('#openai-part').waitFor({ state: 'hidden' })
})

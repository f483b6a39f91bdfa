/** The join page by keyboard on a phone, and where no link comes about. */
import assert from 'node:assert/strict'
import { testTold } from './told.ts'

const PHONE = { width: 390, height: 844 }

testTold('on a phone the button hides nothing that has the focus', async (page, teller) => {
  await page.setViewportSize(PHONE)
  await page.goto(`${teller.url}/node`)
  await page.locator('#join:enabled').waitFor()
  await page.getByText('More limits').click()
  await page.locator('#name').focus()
  const under: string[] = []
  const reached = new Set<string>()
  // A field for a time of day has several stops.
  for (let stops = 0; stops < 40 && !reached.has('join'); stops++) {
    await page.keyboard.press('Tab')
    const [id, hidden] = await page.evaluate(() => {
      const focused = document.activeElement!
      const { left, right, top, bottom } = focused.getBoundingClientRect()
      const seen = document.elementFromPoint((left + right) / 2, (top + bottom) / 2)
      const [label] = focused instanceof HTMLInputElement ? focused.labels ?? [] : []
      const own = [focused, label].some((one) => one?.contains(seen) || seen?.contains(one!))
      return [focused.id || focused.tagName, !own] as const
    })
    reached.add(id)
    if (hidden) under.push(id)
  }
  assert.ok(reached.has('disk') && reached.has('join'), [...reached].join())
  assert.deepEqual(under, [])
})

testTold('a page that never had a link does not say that one is lost', async (page, teller) => {
  await page.goto(`${teller.url}/node`)
  await page.locator('#join:enabled').click()
  await page.getByRole('heading', { name: 'The coordinator cannot be reached, trying again' })
    .waitFor()
})

testTold('who takes the name away is given another one', async (page, teller) => {
  await page.goto(`${teller.url}/node`)
  await page.locator('#join:enabled').waitFor()
  await page.getByLabel('Name shown to others').fill('')
  await page.locator('#join').click()
  await page.locator('#known-as').getByText(/^tab-\w+$/).waitFor()
})

testTold('an hour that is taken away is the one that counts', async (page, teller) => {
  await page.goto(`${teller.url}/node`)
  await page.locator('#join:enabled').waitFor()
  const from = page.getByLabel('from', { exact: true })
  const until = page.getByLabel('until', { exact: true })
  await from.fill('06:30')
  await from.fill('')
  await until.fill('')
  await page.getByLabel('Only at these hours').focus()
  assert.deepEqual([await from.inputValue(), await until.inputValue()], ['20:00', '08:00'])
})

testTold('watts that cannot be are said to be wrong, wherever they are', async (page, teller) => {
  await page.goto(`${teller.url}/node`)
  await page.locator('#join:enabled').waitFor()
  const limits = page.locator('#more-limits')
  await limits.evaluate((details: HTMLDetailsElement) => details.open = true)
  const busy = page.getByLabel('busy')
  await page.getByLabel('at rest').fill('9')
  await busy.fill('3')
  await limits.evaluate((details: HTMLDetailsElement) => details.open = false)
  await page.locator('#join').click()
  await busy.waitFor()
  const said = await busy.evaluate((field: HTMLInputElement) => field.validationMessage)
  assert.match(said, /at rest no more than busy/)
  assert.ok(await page.locator('#live').isHidden())
  await busy.fill('30')
  await page.locator('#join').click()
  await page.locator('#live').waitFor()
})

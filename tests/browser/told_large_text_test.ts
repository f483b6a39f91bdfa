/** Pages whose reader has text twice as large as usual, as browsers let everybody choose. */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { fits } from './fixture.ts'
import { nodeOf, testTold } from './told.ts'

const PHONE = { width: 360, height: 740 }

/** As the browser's own setting does it; the page is drawn anew as it is when its width changes. */
async function enlarge(page: Page): Promise<void> {
  await page.evaluate(() => document.documentElement.style.fontSize = '200%')
}

testTold('text twice as large moves no page to the side on a phone', async (page, teller) => {
  teller.standing.push({ node: { nodes: [nodeOf('alice')] } })
  await page.setViewportSize(PHONE)
  await page.goto(teller.url)
  await enlarge(page)
  await page.getByRole('button', { name: 'Manage' }).click()
  await page.locator('#node-rows tr').waitFor()
  assert.ok(await fits(page), 'dashboard')
  for (const [path, shown] of [['/try', '#samples button'], ['/node', '#join:enabled']] as const) {
    await page.goto(teller.url + path)
    await page.locator(shown).first().waitFor()
    await enlarge(page)
    assert.ok(await fits(page), path)
  }
})

testTold('text twice as large keeps to its places in the plan', async (page, teller) => {
  await page.setViewportSize({ width: 1000, height: 900 })
  await page.goto(teller.url)
  await page.locator('#picture .held').waitFor()
  await enlarge(page)
  await page.setViewportSize({ width: 1020, height: 900 })
  await page.waitForFunction(() => {
    const holder = document.querySelector('#picture')!
    return holder.querySelector('svg')!.getBoundingClientRect().width === holder.clientWidth
  })
  const outside = await page.locator('#picture svg').evaluate((svg) => {
    const { top } = svg.getBoundingClientRect()
    const all = [...svg.querySelectorAll('text')].map((text) => text.getBoundingClientRect())
    const meet = all.flatMap((a, i) =>
      all.slice(i + 1).filter((b) =>
        a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1
      )
    )
    return { cut: all.filter((text) => text.top < top - 1).length, meet: meet.length }
  })
  assert.deepEqual(outside, { cut: 0, meet: 0 })
  const size = await page.locator('#picture .name').evaluate((name) =>
    name.getBoundingClientRect().height
  )
  assert.ok(size > 30, `as large as the text around it: ${size}`)
})

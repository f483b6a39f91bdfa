/** The plan on the dashboard: what it counts stays where it is while figures change. */
import assert from 'node:assert/strict'
import { planOf, testTold } from './told.ts'

testTold('counts of the plan stay in their places while its gap changes', async (page, teller) => {
  await page.setViewportSize({ width: 1280, height: 900 })
  await page.goto(teller.url)
  const places: number[][] = []
  for (const [gap, text] of [[0, '0 %'], [0.0042, '0.42 %'], [0.989, '98.9 %'], [1, '100 %']]) {
    teller.tell({ plan: { ...planOf('own', 'only'), gap: Number(gap) } })
    await page.locator('#gap', { hasText: new RegExp(`^${text}$`) }).waitFor()
    places.push(
      await page.locator('.counts dd').evaluateAll((all) =>
        all.map((one) => one.getBoundingClientRect().left)
      ),
    )
  }
  for (const place of places) assert.deepEqual(place, places[0])
})

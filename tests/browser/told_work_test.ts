/** The work of nodes on the dashboard: no share before it is known, classes in their order. */
import assert from 'node:assert/strict'
import { nodeOf, testTold } from './told.ts'

testTold('a share of the work is told once it is known', async (page, teller) => {
  const row = (name: string) => page.locator('#node-rows tr', { hasText: name })
  const classes = page.locator('#classes .class-counts')
  teller.standing.push({ node: { nodes: [nodeOf('alice'), nodeOf('bob')] } })
  await page.goto(teller.url)
  await row('alice').waitFor()
  assert.equal(await row('alice').locator('td').nth(1).innerText(), '–')
  assert.equal(await classes.textContent(), '2 active')
  teller.tell({ work: { passedMs: 5000, items: { 'id-alice': 50 } } })
  await row('alice').getByText('100 %, 10.0 /s').waitFor()
  await row('bob').getByText('0 %').waitFor()
  assert.equal(await classes.textContent(), '2 active; 100 % of the work')
  // Who comes later has done none.
  teller.tell({ node: { nodes: [nodeOf('carol')] } })
  await row('carol').getByText('0 %').waitFor()
})

testTold('classes stand in the order of their numbers', async (page, teller) => {
  const nodes = ['new', 'class-10', 'class-2', 'class-1'].map((kind) => ({
    ...nodeOf(kind),
    class: kind,
  }))
  teller.standing.push({ node: { nodes } })
  await page.goto(teller.url)
  await page.locator('#classes .class').nth(3).waitFor()
  const titles = await page.locator('#classes .class-name').allTextContents()
  assert.deepEqual(titles.map((title) => title.replace(': 1 node', '')), [
    'Class 1',
    'Class 2',
    'Class 10',
    'Not measured yet',
  ])
})

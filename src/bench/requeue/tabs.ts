/** Browser tabs that go in the middle of a batch. @module */
import type { Browser, Page } from 'playwright-core'
import { withChromium } from '../chromium.ts'
import { type Outcome, settled } from './faults.ts'
import type { RequeueScene } from './scene.ts'

export const TAB_FAULTS: { [name: string]: (page: Page) => unknown } = {
  'tab closed': (page) => page.close(),
  'tab navigated away': (page) => page.goto('about:blank'),
}

/** Joins as a volunteer would. @param filled values of fields of the form, by their labels */
export async function joinTab(
  browser: Pick<Browser, 'newContext'>,
  { url }: { url: string },
  name: string,
  filled: { [label: string]: string } = {},
): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(`${url}/node`)
  const fields = { 'Name shown to others': name, ...filled }
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value)
  await page.getByLabel('Pause while other programs').uncheck()
  await page.getByRole('button', { name: /start|join/i }).click()
  return page
}

/** A tab under load beside a node, until what it had when the fault befell it is answered. */
export async function sufferTab(
  scene: RequeueScene,
  page: Page,
  name: string,
  fault: (page: Page) => unknown,
): Promise<Outcome> {
  const id = await scene.full(name)
  const load = scene.startLoad()
  const lost = await scene.strike(id, () => void fault(page))
  return { backMs: undefined, ...await settled(scene, load, lost) }
}

/** Nothing where there is no browser. */
export async function sufferTabs(scene: RequeueScene): Promise<{ [fault: string]: Outcome[] }> {
  const outcomes: { [fault: string]: Outcome[] } = {}
  await withChromium(async (browser) => {
    for (const [what, fault] of Object.entries(TAB_FAULTS)) {
      const page = await joinTab(browser, scene, what)
      outcomes[what] = [await sufferTab(scene, page, what, fault)]
    }
  })
  return outcomes
}

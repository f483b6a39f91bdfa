/**
 * Browser tabs that go in the middle of a batch.
 *
 * @module
 */
import type { Browser, Page } from 'playwright-core'
import { findChromium } from '../../cli/chromium.ts'
import type { Outcome } from './faults.ts'
import type { RequeueScene } from './scene.ts'

export const TAB_FAULTS: { [name: string]: (page: Page) => unknown } = {
  'tab closed': (page) => page.close(),
  'tab navigated away': (page) => page.goto('about:blank'),
}

/** Joins as a volunteer would. */
export async function joinTab(
  browser: Pick<Browser, 'newContext'>,
  { url }: Pick<RequeueScene, 'url'>,
  name: string,
): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(`${url}/node`)
  await page.getByLabel('Name shown to others').fill(name)
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
  await scene.ledger.until(() =>
    lost.every(({ finished, requeuedMs }) => finished || requeuedMs !== undefined)
  )
  await scene.ledger.until(() => lost.every(({ answeredMs }) => answeredMs !== undefined))
  const statuses = await load.stop()
  const { lines, ledger } = scene
  return { lost, backMs: undefined, statuses, answers: ledger.takeAnswers(), lines }
}

/** Nothing where there is no browser. */
export async function sufferTabs(scene: RequeueScene): Promise<{ [fault: string]: Outcome[] }> {
  const executablePath = await findChromium()
  if (executablePath === undefined) {
    console.log('tabs: skipped, no Chromium here (name one in CHROMIUM)')
    return {}
  }
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const outcomes: { [fault: string]: Outcome[] } = {}
    for (const [what, fault] of Object.entries(TAB_FAULTS)) {
      const page = await joinTab(browser, scene, what)
      outcomes[what] = [await sufferTab(scene, page, what, fault)]
    }
    return outcomes
  } finally {
    await browser.close()
  }
}

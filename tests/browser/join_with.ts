/** A tab that joins with a wish for its backend, and leaves. */
import type { Page } from 'playwright-core'
import type { NodeInfo } from '../../src/client/types.ts'
import { joinButton, openPage, type Pool, type TestBrowser } from './fixture.ts'

export interface Wish {
  name: string
  backend: 'auto' | 'wasm' | 'webgpu'
  threads?: string
  perRun?: string
}

/** Resolves when it holds all that is served. */
export async function joinWith(
  browser: TestBrowser,
  pool: Pool,
  wish: Wish,
): Promise<[Page, NodeInfo]> {
  const { page } = await openPage(browser, pool.url)
  await page.getByLabel('Name shown to others').fill(wish.name)
  await page.getByLabel('Pause while other programs').uncheck()
  await page.getByLabel('Processors at most').selectOption(wish.threads ?? '1')
  if (wish.perRun !== undefined) {
    await page.getByLabel('Processors for one piece of work').selectOption(wish.perRun)
  }
  await page.getByLabel('Compute with').selectOption(wish.backend)
  await joinButton(page).click()
  return [page, await pool.full(wish.name)]
}

/** Ends with the node gone, so that the next one is alone. */
export async function leave(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Stop' }).click()
  await joinButton(page).waitFor()
  await page.context().close()
}

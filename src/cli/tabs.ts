/**
 * Tabs of a real browser that join as a person's would: the page opened, one click.
 *
 * @module
 */
import type { BrowserContext, Page } from 'playwright-core'
import { launchChromium, type LaunchOptions } from './chromium.ts'

export interface Tabs {
  /** Joins the coordinator at `url` under this name; once it is closed the name may join again. */
  open(name: string, url: string): Promise<void>
  /** As when a person closes the tab: the node has no time to say much. */
  close(name: string): Promise<void>
  closeAll(): Promise<void>
  /** Processes that pages run in, by their numbers; one or another may hold none. */
  renderers(): Promise<number[]>
  /** Ends the browser. */
  end(): Promise<void>
}

export interface TabOptions extends LaunchOptions {
  /** Processors to offer in the form; what the page proposes where absent. */
  processors?: number
}

/**
 * Each name has a storage of its own, kept while the browser lives: a tab that joins again is the
 * same node, with its models and figures at hand.
 */
export async function launchTabs(executable: string, options: TabOptions = {}): Promise<Tabs> {
  const browser = await launchChromium(executable, options)
  const contexts = new Map<string, BrowserContext>()
  const pages = new Map<string, Page>()

  async function close(name: string): Promise<void> {
    const page = pages.get(name)
    pages.delete(name)
    await page?.close()
  }

  return {
    async open(name, url) {
      const context = contexts.get(name) ?? await browser.newContext()
      contexts.set(name, context)
      const page = await context.newPage()
      pages.set(name, page)
      await page.goto(`${url}/node`)
      await page.getByLabel('Name shown to others').fill(name)
      // This machine will be busy, since everything runs on it.
      await page.getByLabel('Pause while other programs').uncheck()
      if (options.processors !== undefined) {
        await page.getByLabel('Processors at most').selectOption(String(options.processors))
      }
      await page.getByRole('button', { name: /start|join/i }).click()
    },
    close,
    async closeAll() {
      await Promise.all([...pages.keys()].map(close))
    },
    async renderers() {
      const session = await browser.newBrowserCDPSession()
      const { processInfo } = await session.send('SystemInfo.getProcessInfo')
      await session.detach()
      return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
    },
    async end() {
      await browser.close()
    },
  }
}

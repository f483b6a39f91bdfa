/** The browser of the benches. @module */
import type { Browser } from 'playwright-core'
import { findChromium, launchChromium, type LaunchOptions } from '../cli/chromium.ts'

/** Nothing where there is none, which is said. */
export async function openChromium(options: LaunchOptions = {}): Promise<Browser | undefined> {
  const executable = await findChromium()
  if (executable !== undefined) return await launchChromium(executable, options)
  console.log('in a browser: skipped, no Chromium here (name one in CHROMIUM)')
  return undefined
}

/** Undefined where there is none, which is said. */
export async function withChromium<T>(
  use: (browser: Browser) => Promise<T>,
  options: LaunchOptions = {},
): Promise<T | undefined> {
  const browser = await openChromium(options)
  return browser && await use(browser).finally(() => browser.close())
}

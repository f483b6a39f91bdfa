/** What every page is held to: how it reads, what it weighs, where the tab key leads. */
import { countBytes } from '../../src/cli/page_bytes.ts'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { fromFileUrl } from '../../src/cli/root.ts'
import type { TestBrowser } from './fixture.ts'

/** Findings of axe-core that are serious or worse, and places of one name, as text. */
async function seriousFindings(page: Page): Promise<string[]> {
  const { axe } = globalThis as unknown as { axe?: never }
  assert.equal(axe, undefined)
  // Not a script element, which the page's content policy would refuse.
  await page.evaluate(await axeSource())
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<
          { violations: { id: string; impact: string; nodes: { html: string }[] }[] }
        >
      }
    }
    const { violations } = await axe.run()
    return violations
      .filter(({ id, impact }) =>
        impact === 'serious' || impact === 'critical' || id === 'landmark-unique'
      )
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  })
}

let source: string | undefined
const axeSource = async () =>
  source ??= await readFile(
    fromFileUrl(new URL(import.meta.resolve('axe-core/axe.min.js'))),
    'utf8',
  )

/** Contrast of what fields say while they are empty, which axe-core leaves out. */
const placeholders = (page: Page): Promise<number[]> =>
  page.locator('input[placeholder]:visible').evaluateAll((fields) => {
    const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })!
    const luminanceOf = (colour: string) => {
      context.fillStyle = colour
      context.fillRect(0, 0, 1, 1)
      const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data].map((value) =>
        value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4
      )
      return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
    }
    return fields.map((field) => {
      const ground = luminanceOf(getComputedStyle(field).backgroundColor)
      const text = luminanceOf(getComputedStyle(field, '::placeholder').color)
      return (Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05)
    })
  })

export async function assertReadable(page: Page, what: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    assert.deepEqual(await seriousFindings(page), [], `${what}, ${colorScheme}`)
    for (const contrast of await placeholders(page)) {
      assert.ok(contrast >= 4.5, `${what}, ${colorScheme}: a placeholder of contrast ${contrast}`)
    }
  }
}

/** Bytes that came over the network for a page, once it has settled. */
export async function weigh(
  browser: TestBrowser,
  url: string,
  settled: (page: Page) => Promise<unknown>,
) {
  const page = await (await browser.newContext()).newPage()
  const bytes = await countBytes(page)
  await page.goto(url)
  await settled(page)
  await page.context().close()
  return bytes()
}

/** Whether the focus reaches each of these by the tab key alone, in this order. */
export async function tabsThrough(page: Page, names: readonly RegExp[]): Promise<void> {
  let next = 0
  for (let i = 0; i < 40 && next < names.length; i++) {
    await page.keyboard.press('Tab')
    const text = await page.evaluate(() => {
      const { activeElement } = document
      const labels = activeElement instanceof HTMLInputElement
        ? [...activeElement.labels ?? []]
        : []
      return [activeElement, ...labels].map((one) => one?.textContent).join(' ')
    })
    if (names[next]!.test(text)) next++
  }
  assert.equal(next, names.length, `the tab key does not reach ${names[next]}`)
}

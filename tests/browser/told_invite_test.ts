/** The dashboard invites a device: what a phone's camera would read off the screen. */
import assert from 'node:assert/strict'
import { createCanvas, loadImage } from '@napi-rs/canvas'
import jsqr from 'jsqr'
import type { Page } from 'playwright-core'
import { testTold } from './told.ts'

const read = jsqr as unknown as typeof jsqr.default

/** What the code on the screen says. */
async function scanned(page: Page): Promise<string | undefined> {
  const image = await loadImage(await page.locator('#invitation-code svg').screenshot())
  const canvas = createCanvas(image.width, image.height)
  const context = canvas.getContext('2d')
  context.drawImage(image, 0, 0)
  const { data } = context.getImageData(0, 0, image.width, image.height)
  return read(new Uint8ClampedArray(data), image.width, image.height)?.data
}

for (
  const [what, width, colorScheme] of [['a desk', 1440, 'light'], ['a phone', 390, 'dark']] as const
) {
  testTold(
    `the dashboard invites by a QR code that can be read on ${what}`,
    async (page, teller) => {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 900 })
      await page.goto(teller.url)
      const button = (name: string) => page.getByRole('button', { name, exact: true })
      const dialog = page.getByRole('dialog', { name: 'Invite a device' })
      await button('Invite a device').click()
      assert.equal(await scanned(page), `${teller.url}/node`)
      // A page under a name that only this machine knows says so.
      await dialog.getByText('Other devices cannot reach this address').waitFor()
      const token = dialog.getByLabel('Join token')
      await token.fill('node_a/b c')
      const link = `${teller.url}/node#t=node_a%2Fb%20c`
      assert.equal(await scanned(page), link)
      assert.equal(await dialog.getByRole('link').getAttribute('href'), link)
      const [left, right] = await dialog.evaluate((one) => {
        const { left, right } = one.getBoundingClientRect()
        return [left, right]
      })
      assert.ok(left! >= 0 && right! <= width, `${left} to ${right}`)
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'hidden' })
      // The token is not there for who comes next.
      await button('Invite a device').click()
      assert.equal(await token.inputValue(), '')
      assert.equal(await scanned(page), `${teller.url}/node`)
      await button('Close').click()
      await dialog.waitFor({ state: 'hidden' })
    },
  )
}

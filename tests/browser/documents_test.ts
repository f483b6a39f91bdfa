/** The page of documents over a real pool: handed in, followed, loaded again, taken away. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { join } from 'node:path'
import { ROOT } from '../../src/cli/root.ts'
import { SAMPLE_PAGE } from '../../src/cli/serve/serving.ts'
import { encryptedPdf, pdfOf } from '../documents/made.ts'
import { fits, launch, openPage, skippedWithout, startPool, wantChromium } from './fixture.ts'
import { assertReadable, weigh } from './page_checks.ts'

const executable = await wantChromium()
const DOCUMENTS = join(ROOT, 'profiles', 'documents')
const FEW = ['150dpi', '960x736', 'h32w480', 'blocks']
const PHONE = { width: 360, height: 740 }
const MOST_BYTES = 60_000

Deno.test({
  name: `documents go in on a page, and come out as they were asked for${
    skippedWithout(executable)
  }`,
  ignore: executable === undefined,
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const [browser, pool] = await Promise.all([
      launch(executable!),
      startPool({ dirs: [DOCUMENTS], variants: FEW }),
    ])
    try {
      const { page, complaints } = await openPage(browser, pool.url)
      page.on('dialog', (dialog) => void dialog.accept())
      // A machine that is busy reads slowly.
      page.setDefaultTimeout(100_000)
      const row = (name: string) => page.locator('.rows > li', { hasText: name })
      const jobs = async () => (await (await fetch(`${pool.url}/v1/jobs`)).json()).jobs

      await t.step('the pages lead to it, and it says who reads', async () => {
        await page.goto(`${pool.url}/`)
        await page.getByRole('link', { name: 'Documents' }).click()
        await page.getByText('No device is in this pool now').waitFor()
      })

      await t.step('what is handed in is found after a reload, and cancelled', async () => {
        await page.locator('#files').setInputFiles(SAMPLE_PAGE)
        await page.getByRole('button', { name: 'Read 1 document' }).click()
        await row('page.jpg').getByText(/waiting|of 1 page/).waitFor()
        await page.reload()
        await row('page.jpg').getByText(/waiting|of 1 page/).waitFor()
        assert.equal((await jobs()).length, 1)
        await page.getByRole('button', { name: 'Cancel' }).click()
        await row('page.jpg').getByText('cancelled').waitFor()
        await page.getByRole('button', { name: 'Remove' }).click()
        await row('page.jpg').waitFor({ state: 'detached' })
        assert.deepEqual(await jobs(), [])
      })

      await t.step(
        'files that are dropped are read, each with its bar, faults in words',
        async () => {
          const scan = Buffer.from(await Deno.readFile(SAMPLE_PAGE)).toString('base64')
          const letter = Buffer.from(await pdfOf(['A first line', 'A second page'])).toString(
            'base64',
          )
          const locked = Buffer.from(await encryptedPdf()).toString('base64')
          await page.evaluate(({ scan, letter, locked }) => {
            const transfer = new DataTransfer()
            const add = (name: string, base64: string) => {
              const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))
              transfer.items.add(new File([bytes], name))
            }
            add('scan.jpg', scan)
            add('letter.pdf', letter)
            add('locked.pdf', locked)
            const event = { bubbles: true, cancelable: true, dataTransfer: transfer }
            document.querySelector('#drop')!.dispatchEvent(new DragEvent('drop', event))
          }, { scan, letter, locked })
          await page.getByRole('heading', { name: /^3 documents/ }).waitFor()
          await page.getByRole('radio', { name: /^Tonight/ }).check()
          await page.getByRole('button', { name: 'Read 3 documents' }).click()
          await row('locked.pdf').getByText(/encrypted|password/).waitFor()
          await pool.addNode('reader')
          await row('letter.pdf').getByText('2 pages').waitFor()
          await row('scan.jpg').getByText('1 page', { exact: true }).waitFor()
          await page.getByText('3 pages read. 1 document could not be read.').waitFor()
          await page.getByText('All done.').waitFor()
          const [job] = await jobs()
          assert.equal(new Date(job.by).getHours(), 7)
        },
      )

      await t.step('each output and all of them are downloaded', async () => {
        const download = async (name: string) => {
          const [got] = await Promise.all([
            page.waitForEvent('download'),
            page.getByRole('link', { name }).click(),
          ])
          return { name: got.suggestedFilename(), bytes: await Deno.readFile(await got.path()) }
        }
        const text = await download('Download letter.pdf as Text')
        assert.equal(text.name, 'letter.txt')
        assert.match(new TextDecoder().decode(text.bytes), /A first line[^]*A second page/)
        const pdf = await download('Download scan.jpg as PDF')
        assert.equal(pdf.name, 'scan.pdf')
        assert.equal(new TextDecoder().decode(pdf.bytes.subarray(0, 5)), '%PDF-')
        const zip = await download('Download all')
        assert.match(zip.name, /\.zip$/)
        assert.equal(new TextDecoder().decode(zip.bytes.subarray(0, 2)), 'PK')
      })

      await t.step('it is found again, reads well, and fits a phone', async () => {
        await page.reload()
        await row('letter.pdf').getByText('2 pages').waitFor()
        await page.getByText(/by 1 device of this pool \(reader\)/).waitFor()
        await assertReadable(page, 'documents')
        await page.setViewportSize(PHONE)
        assert.ok(await fits(page))
        await assertReadable(page, 'documents on a phone')
        await page.goto(`${pool.url}/`)
        assert.ok(await fits(page), 'the dashboard, which leads to it, fits a phone, too')
      })

      await t.step('it weighs little', async () => {
        const bytes = await weigh(
          browser,
          `${pool.url}/documents`,
          (page) => page.getByText(/of this pool/).waitFor(),
        )
        console.log('transferred bytes:', bytes)
        assert.ok(bytes > 1000 && bytes <= MOST_BYTES, `${bytes} bytes`)
      })
      assert.deepEqual(complaints, [], 'no error on the console, none of the content policy')
    } finally {
      await browser.close()
      await pool.end()
    }
  },
})

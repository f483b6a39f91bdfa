/** The page of documents over a coordinator whose jobs are as a test says. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { Page } from 'playwright-core'
import { fits } from './fixture.ts'
import { testPage } from './told.ts'
import { assertReadable, tabsThrough } from './page_checks.ts'
import { documentOf, jobOf, type JobTeller, outputsOf, startJobTeller } from './told_jobs.ts'

/** The narrowest phone that is held to. */
const PHONE = { width: 360, height: 740 }
const DESK = { width: 1280, height: 900 }

const fileOf = (name: string, content = '%PDF-1.7 and so on') => ({
  ...{ name, mimeType: 'application/octet-stream', buffer: Buffer.from(content, 'latin1') },
})

function testDocuments(
  name: string,
  fn: (page: Page, teller: JobTeller) => Promise<void>,
): void {
  testPage(name, startJobTeller, async (page, teller) => {
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      // A browser says so itself of each answer that is no success.
      const isAnswer = /status of (40[134]|413|503)/.test(message.text())
      if (message.type() === 'error' && !isAnswer) complaints.push(message.text())
    })
    await fn(page, teller)
    assert.deepEqual(complaints, [], 'no error on the console, none of the content policy')
  }, { viewport: DESK, acceptDownloads: true })
}

async function open(page: Page, teller: JobTeller): Promise<void> {
  await page.goto(`${teller.url}/documents`)
  await page.locator('#where', { hasText: 'whoever owns' }).waitFor()
}

const choose = (page: Page, ...files: ReturnType<typeof fileOf>[]) =>
  page.locator('#files').setInputFiles(files)
const go = (page: Page) => page.getByRole('button', { name: /^Read \d/ }).click()
const row = (page: Page, name: string) => page.locator('.rows > li', { hasText: name })

async function assertGood(page: Page, what: string): Promise<void> {
  for (const viewport of [PHONE, DESK]) {
    await page.setViewportSize(viewport)
    assert.ok(await fits(page), `${what} fits ${viewport.width} pixels`)
    await assertReadable(page, `${what}, ${viewport.width} wide`)
  }
}

testDocuments(
  'files are chosen, left out with why, and handed in as asked',
  async (page, teller) => {
    await open(page, teller)
    assert.match(
      (await page.locator('#where').textContent())!,
      /by 1 device of this pool \(reception\)/,
    )
    await assertGood(page, 'the page without documents')
    await tabsThrough(page, [/Choose files/, /Choose a folder/, /No hurry/, /PDF that/, /Text/])
    assert.ok(await page.getByRole('button', { name: 'Read documents' }).isDisabled())

    await choose(
      page,
      fileOf('image.jpg', '\xff\xd8\xff and so on'),
      fileOf('a.pdf'),
      fileOf('letter.docx', 'PK and so on'),
      fileOf('none.pdf', ''),
    )
    const leftOut = (await page.locator('#left-out:not([hidden])').textContent())!
    assert.match(leftOut, /letter\.docx \(no PDF.*none\.pdf \(empty/)
    // A phone calls every photograph the same.
    await page.locator('#camera').setInputFiles(fileOf('image.jpg', '\xff\xd8\xff another'))
    await page.getByRole('heading', { name: /^3 documents/ }).waitFor()
    await page.getByText('image (2).jpg').waitFor()
    await assertGood(page, 'the page with chosen documents')

    for (const name of ['PDF that can be searched', 'Text']) await page.getByLabel(name).uncheck()
    await go(page)
    await page.getByRole('alert').getByText('at least one').waitFor()
    await page.getByText('For programs').click()
    await page.getByLabel('hOCR').check()
    await page.getByLabel('By a time').check()
    await page.getByLabel('Time by which').fill('2020-01-01T07:00')
    await go(page)
    await page.getByRole('alert').getByText('has passed').waitFor()
    await page.getByLabel('Time by which').fill('2099-01-01T07:00')
    await go(page)
    await page.getByRole('heading', { name: /^3 documents, by 7:00 on Thursday,? 1 January/ })
      .waitFor()
    const [{ fields, files } = assert.fail()] = teller.forms
    assert.equal(fields.pipeline, 'documents')
    assert.equal(fields.output, 'hocr')
    assert.equal(new Date(fields.by!).getFullYear(), 2099)
    assert.deepEqual(files, ['image.jpg', 'a.pdf', 'image (2).jpg'])
  },
)

testDocuments('a folder that is dropped is read with its folders', async (page, teller) => {
  await open(page, teller)
  await page.evaluate(() => {
    const entryOf = (name: string, files: string[]): unknown => ({
      ...{ isFile: false, isDirectory: true, name },
      createReader() {
        let read = false
        return {
          readEntries(done: (entries: unknown[]) => void) {
            const entries = read ? [] : files.map((file) => {
              const [first, ...rest] = file.split('/')
              if (rest.length > 0) return entryOf(first!, [rest.join('/')])
              const made = new File(['%PDF-1.7'], file)
              return {
                ...{ isFile: true, isDirectory: false, name: file },
                file: (got: (file: File) => void) => got(made),
              }
            })
            read = true
            done(entries)
          },
        }
      },
    })
    const entry = entryOf('archive', ['a.pdf', '1999/b.pdf', '.DS_Store'])
    const event = new DragEvent('drop', { bubbles: true, cancelable: true })
    const items = [{ webkitGetAsEntry: () => entry }]
    Object.defineProperty(event, 'dataTransfer', { value: { items, files: [] } })
    document.dispatchEvent(event)
  })
  await page.getByRole('heading', { name: /^2 documents/ }).waitFor()
  await go(page)
  await row(page, '1999/b.pdf').getByText('waiting').waitFor()
  assert.deepEqual(teller.forms[0]!.files, ['a.pdf', '1999/b.pdf'])
})

testDocuments(
  'bars go on, what is done can be downloaded, a reload finds all',
  async (page, teller) => {
    await open(page, teller)
    await choose(page, fileOf('long.pdf'), fileOf('short.pdf'), fileOf('locked.pdf'))
    await go(page)
    await row(page, 'long.pdf').getByText('waiting').waitFor()
    const job = teller.jobs.get('job_1')!
    const soon = new Date(Date.now() + 3_600_000).toISOString()
    teller.jobs.set('job_1', {
      ...{ ...job, state: 'running', by: new Date().toISOString(), estimateAt: soon },
      ...{ inTime: false, pagesPerMinute: 12.4, pages: { done: 30, total: 101, failed: 1 } },
      documents: [
        documentOf('long.pdf', { state: 'running', pages: { done: 24, total: 100, failed: 1 } }),
        documentOf('short.pdf', {
          ...{ state: 'done', pages: { done: 1, total: 1, failed: 0 } },
          outputs: outputsOf('job_1', 1),
        }),
        documentOf('locked.pdf', {
          ...{ state: 'failed', pages: { done: 0, total: 0, failed: 0 } },
          error: { reason: 'encrypted', message: 'Cannot open it: it asks for a password' },
        }),
      ],
    })
    const bar = page.getByRole('progressbar', { name: 'Progress of long.pdf' })
    await row(page, 'long.pdf').getByText('25 of 100 pages').waitFor()
    assert.equal(await bar.getAttribute('value'), '0.25')
    await row(page, 'locked.pdf').getByText('asks for a password').waitFor()
    await page.getByText('12 pages a minute, ready about').waitFor()
    await page.getByText(/That is later than .*more devices would help/).waitFor()
    const whole = page.getByRole('progressbar', { name: 'Progress of all documents' })
    assert.equal(await whole.getAttribute('value'), String(Math.round(1000 * 31 / 101) / 1000))
    assert.match(await page.title(), /^30 % · Documents/)
    await assertGood(page, 'the page at work')

    for (
      const [link, path] of [
        ['Download short.pdf as Text', '/v1/jobs/job_1/results/1.txt'],
        ['Download 1 so far', '/v1/jobs/job_1/results.zip'],
      ] as const
    ) {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: link }).click(),
      ])
      assert.equal(await Deno.readTextFile(await download.path()), `content of ${path}`)
    }

    await page.reload()
    await row(page, 'long.pdf').getByText('25 of 100 pages').waitFor()
    page.on('dialog', (dialog) => void dialog.accept())
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText(/^Cancelled/).waitFor()
    assert.deepEqual(teller.deleted, ['job_1'])
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByText('What you hand in is listed here').waitFor()
    assert.deepEqual(teller.deleted, ['job_1', 'job_1'])
    await page.reload()
    await page.getByText('What you hand in is listed here').waitFor()
  },
)

testDocuments('what ended while a question stood there is not removed', async (page, teller) => {
  await open(page, teller)
  await choose(page, fileOf('a.pdf'))
  await go(page)
  await row(page, 'a.pdf').getByText('waiting').waitFor()
  const pages = { done: 1, total: 1, failed: 0 }
  page.on('dialog', (dialog) => {
    const done = documentOf('a.pdf', { state: 'done', pages, outputs: outputsOf('job_1', 0) })
    const ended = { state: 'done', pages, endedAt: new Date().toISOString() } as const
    teller.jobs.set('job_1', jobOf('job_1', [done], ended))
    void dialog.accept()
  })
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('1 page read.').waitFor()
  assert.deepEqual(teller.deleted, [])
})

testDocuments(
  'files that were not sent, and what is refused or gone, are told',
  async (page, teller) => {
    await open(page, teller)
    const { promise, resolve } = Promise.withResolvers<void>()
    teller.before = promise
    await choose(page, fileOf('half.pdf'))
    await go(page)
    await page.getByText(/^Sending|^All is sent/).waitFor()
    page.on('dialog', (dialog) => void dialog.accept())
    await page.reload()
    await page.getByRole('alert').getByText('half.pdf was still being sent').waitFor()
    await page.reload()
    await page.locator('#lost').waitFor({ state: 'hidden' })
    resolve()

    const error = 'Cannot take the job: its files have at most 9 bytes'
    teller.refusal = { status: 413, reason: 'too_large', error }
    await choose(page, fileOf('big.pdf'))
    await go(page)
    await page.getByText(error).waitFor()
    await page.getByRole('button', { name: 'Remove' }).click()
    teller.refusal = undefined

    await choose(page, fileOf('kept.pdf'))
    await go(page)
    await row(page, 'kept.pdf').getByText('waiting').waitFor()
    teller.jobs.clear()
    await page.getByText('The coordinator keeps this no longer').waitFor()
    await assertGood(page, 'the page with what is gone')
  },
)

testDocuments(
  'pages that could not be read are listed by document, with why',
  async (page, teller) => {
    await open(page, teller)
    await choose(page, fileOf('archive/1999/a long name of a scanned book.pdf'), fileOf('b.pdf'))
    await go(page)
    await row(page, 'b.pdf').getByText('waiting').waitFor()
    const pages = { done: 5, total: 9, failed: 1 }
    const first = documentOf('archive/1999/a long name of a scanned book.pdf', {
      ...{ state: 'running', pages },
    })
    const second = documentOf('b.pdf', { n: 1 })
    const damaged = {
      index: 2,
      reason: 'invalid_input',
      message: 'Cannot read the page: it is damaged',
    }
    teller.failedPages.set('job_1', [[damaged]])
    teller.jobs.set('job_1', jobOf('job_1', [first, second], { state: 'running', pages }))
    await row(page, 'scanned book').getByText('Page 3: it is damaged').waitFor()

    const late = [6, 7, 8].map((index) => ({ index, reason: 'deadline_exceeded', message: 'late' }))
    teller.failedPages.set('job_1', [[damaged, ...late]])
    const ended = { done: 5, total: 9, failed: 4 }
    teller.jobs.set(
      'job_1',
      jobOf('job_1', [{ ...first, state: 'done', pages: ended }, second], {
        ...{ state: 'done', pages: ended },
      }),
    )
    await page.reload()
    for (
      const line of ['5 of 9 pages read', 'Page 3: it is damaged', 'Pages 7 to 9: not read in time']
    ) {
      await row(page, 'scanned book').getByText(line).waitFor()
    }
    await assertGood(page, 'the page with pages that could not be read')
  },
)

testDocuments('a page asks for a key and downloads with it', async (page, teller) => {
  teller.key = 'shoal_client_abc'
  teller.nodes = undefined
  await page.goto(`${teller.url}/documents`)
  await page.getByLabel('Key of a client').fill(teller.key)
  await page.getByRole('button', { name: 'Use this key' }).click()
  await page.getByLabel('Key of a client').waitFor({ state: 'hidden' })
  await choose(page, fileOf('a.pdf'))
  await go(page)
  const pages = { done: 1, total: 1, failed: 0 }
  await row(page, 'a.pdf').waitFor()
  await page.getByText('waiting').waitFor()
  const done = documentOf('a.pdf', { state: 'done', pages, outputs: outputsOf('job_1', 0) })
  teller.jobs.set('job_1', jobOf('job_1', [done], { state: 'done', pages }))
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download a.pdf as PDF' }).click(),
  ])
  assert.equal(download.suggestedFilename(), 'a.pdf')
  assert.equal(
    await Deno.readTextFile(await download.path()),
    'content of /v1/jobs/job_1/results/0.pdf',
  )
})

testDocuments(
  'a coordinator that serves no documents says so until it does',
  async (page, teller) => {
    teller.served = ['ocr']
    await page.goto(`${teller.url}/documents`)
    await page.getByText('does not serve the pipeline documents').waitFor()
    teller.served = ['ocr', 'documents']
    await page.locator('#news').waitFor({ state: 'hidden' })
  },
)

testDocuments('a phone is offered its camera, a desk is not', async (page, teller) => {
  await open(page, teller)
  const photo = (on: Page) => on.getByRole('button', { name: 'Take a photo' })
  assert.ok(await photo(page).isHidden())
  const browser = page.context().browser()!
  const phone = await browser.newContext({ viewport: PHONE, hasTouch: true, isMobile: true })
  try {
    const held = await phone.newPage()
    await open(held, teller)
    assert.ok(await photo(held).isVisible())
    assert.ok(await held.getByText('Drop files').isHidden())
    assert.ok(await fits(held))
  } finally {
    await phone.close()
  }
})

/** Documents are opened and read in a tab. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Page } from '../../src/documents/page.ts'
import { ROOT } from '../../src/cli/root.ts'
import { pdfOf } from '../documents/made.ts'
import { joinAs, launch, openPage, skippedWithout, startPool, wantChromium } from './fixture.ts'

const executable = await wantChromium()

Deno.test({
  name: `a tab opens a PDF and reads its pages${skippedWithout(executable)}`,
  ignore: executable === undefined,
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const pool = await startPool({
      dirs: [join(ROOT, 'profiles', 'documents')],
      variants: ['110dpi', '640x480', 'h32w384', 'blocks'],
    })
    const browser = await launch(executable!)
    try {
      const { page, paths, complaints } = await openPage(browser, pool.url)
      await joinAs(page, 'tab')
      await pool.full('tab')
      const response = await fetch(`${pool.localUrl}/v1/pipelines/documents/infer`, {
        method: 'POST',
        headers: { 'content-type': 'application/pdf', 'x-request-timeout-ms': '600000' },
        body: await pdfOf(['Kept as it is', 'scan']),
      })
      const { outputs, error } = await response.json()
      assert.equal(response.status, 200, error)
      const pages = outputs.pages as Page[]
      assert.deepEqual(pages.map(({ source }) => source), ['kept', 'read'])
      assert.ok(pages[1]!.blocks.length > 0)
      assert.ok(paths.length > 0)
      assert.deepEqual(complaints, [])
    } finally {
      await browser.close()
      await pool.end()
    }
  },
})

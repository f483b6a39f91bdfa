/** `deno task demo` in its short form: real tabs, real nodes, a page and figures at the end. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { DemoRecord } from '../../demo/record.ts'
import { fromFileUrl } from '../../src/cli/root.ts'
import { ofAll } from '../exhaustive.ts'
import { fits, launch, skippedWithout, wantChromium } from '../browser/fixture.ts'

const MAIN = fromFileUrl(new URL('../../demo/main.ts', import.meta.url))
const executable = await wantChromium()

Deno.test(ofAll({
  name: `the demo plays one demand to two sets of rules, and writes a page and figures${
    skippedWithout(executable)
  }`,
  ignore: executable === undefined,
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const dir = await Deno.makeTempDir({ prefix: 'shoal-' })
    const file = join(dir, 'report.html')
    const browser = await launch(executable!)
    try {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ['run', '-A', '--no-check', MAIN, '--short', '--report', file, '--json', '-'],
        stdin: 'null',
      }).output()
      const said = new TextDecoder().decode(stderr)
      assert.equal(code, 0, said)
      const record = JSON.parse(new TextDecoder().decode(stdout)) as DemoRecord

      const [shoal, fixed] = record.played
      assert.deepEqual([shoal!.policy, fixed!.policy], ['shoal', 'static'])
      assert.ok(shoal!.result.queries > 0)
      for (const { result, events, policy } of record.played) {
        // The same queries at the same moments, each with one outcome.
        assert.equal(result.queries, shoal!.result.queries)
        const outcomes = Object.values(result.outcomes).reduce((sum, count) => sum + count, 0)
        assert.equal(outcomes, result.queries)
        assert.deepEqual(events.map(({ what }) => what), ['tab-1 closed'])
        assert.match(said, new RegExp(`${policy} +\\d+ of ${result.queries} on time`))
      }
      assert.ok(shoal!.result.onTime > 0, said)
      assert.deepEqual(
        record.nodes.map(({ name, runtime }) => `${name} ${runtime}`).sort(),
        ['deno-1 deno', 'tab-1 browser', 'tab-2 browser'],
      )
      const { bestPerS, mostPerS } = record.capacity
      assert.ok(bestPerS > 0 && mostPerS >= bestPerS)

      const page = await (await browser.newContext({ viewport: { width: 390, height: 844 } }))
        .newPage()
      const asked: string[] = []
      page.on('request', (request) => asked.push(request.url()))
      await page.goto(`file://${file}`)
      assert.deepEqual(asked.filter((url) => !url.startsWith('data:')), [`file://${file}`])
      assert.equal(await page.locator('script').count(), 0)
      assert.equal(await page.locator('figure').count(), 5)
      assert.ok(await fits(page), 'the page fits a phone')
    } finally {
      await browser.close()
      await Deno.remove(dir, { recursive: true })
    }
  },
}))

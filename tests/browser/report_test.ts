/** The page of a simulated run, on a desk and on a phone. */
import assert from 'node:assert/strict'
import { reportPage } from '../../src/cli/simulate/report.ts'
import type { SimulationResult } from '../../src/sim/result.ts'
import { fits, launch, skippedWithout, wantChromium } from './fixture.ts'
import { assertReadable } from './page_checks.ts'

const LEAST_PX = 9

const resultOf = (policy: string): SimulationResult => ({
  policy,
  ...{ roots: 100_000, onTime: 1, late: 1, dropped: 1, violationRatio: 0.01 },
  ...{ effectiveAccuracy: 0.95, meanActiveNodes: 17.5, peakActiveNodes: 18, planSolveMsP95: 12.5 },
  workloads: [],
  timeline: Array.from({ length: 338 }, (_, t) => ({
    ...{ t, demand: 400, violationRatio: 0.00003, effectiveAccuracy: 0.95, activeNodes: 18 },
  })),
})

const executable = await wantChromium()

Deno.test({
  name: `a simulated run reads on a desk and on a phone${skippedWithout(executable)}`,
  ignore: executable === undefined,
  async fn() {
    const browser = await launch(executable!)
    const page = await (await browser.newContext()).newPage()
    await page.setContent(reportPage('a'.repeat(120), ['shoal', 'loki-published'].map(resultOf)))
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 800 })
      assert.ok(await fits(page), `${width} px: nothing to scroll to the side`)
      const labels = await page.locator('svg text:visible').evaluateAll((all) =>
        all.map((label) => {
          const text = label as SVGTextElement
          const svg = text.ownerSVGElement!
          const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width
          const { left } = text.getBoundingClientRect()
          return {
            text: text.textContent,
            px: parseFloat(getComputedStyle(text).fontSize) * scale,
            isWhole: left >= svg.getBoundingClientRect().left,
          }
        })
      )
      assert.ok(labels.length > 4 * 5, `${width} px: charts are there`)
      assert.deepEqual(labels.filter(({ px, isWhole }) => px < LEAST_PX || !isWhole), [])
    }
    await assertReadable(page, 'the report')
    await browser.close()
  },
})

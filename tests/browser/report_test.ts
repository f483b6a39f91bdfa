/** The pages of a simulated run and of a demo, on a desk and on a phone. */
import assert from 'node:assert/strict'
import type { Asked } from '../../demo/load/types.ts'
import { tally } from '../../demo/load/tally.ts'
import type { DemoRecord } from '../../demo/record.ts'
import { reportPage as demoPage } from '../../demo/report.ts'
import { reportPage } from '../../src/sim/report/report.ts'
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
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
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

/** One tab, two tasks, half of the queries refused. */
function demoOf(tasks: DemoRecord['tasks']): DemoRecord {
  const servedBy = Object.entries(tasks).map(([task, variants]) => (
    { ...{ node: 'tab-1', backend: 'wasm', items: 1, computeMs: 9 }, task, variant: variants[0]! }
  ))
  const asked = Array.from({ length: 40 }, (_, query): Asked => ({
    ...{ query, dueMs: 100 * query, sentMs: 100 * query + 1, latencyMs: 50 },
    ...query % 2 === 0
      ? { status: 200, accuracy: 0.9, servedBy }
      : { status: 503, reason: 'infeasible_deadline' },
  }))
  return {
    ...{ schema: 'shoal-demo/1', pipeline: 'shelf', sloMs: 400, seed: 1, tookS: 42, tasks },
    machine: { processors: 2, model: 'of a kind' },
    nodes: [{ name: 'tab-1', runtime: 'browser', backend: 'wasm', slots: 1 }],
    capacity: { bestPerS: 6, bestAccuracy: 0.9, mostPerS: 14 },
    demand: { binSeconds: 1, rates: [10, 10, 10, 10] },
    played: ['shoal', 'static'].map((policy) => ({
      ...{ policy, result: tally(asked, 400) },
      ...{ activeNodes: [1, 1, 1, 1], presentNodes: [1, 1, 1, 1] },
      events: [{ atS: 3, what: 'tab-1 closed' }],
    })),
  }
}

Deno.test({
  name: `a demo's page reads on a desk and on a phone${skippedWithout(executable)}`,
  ignore: executable === undefined,
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const browser = await launch(executable!)
    const page = await (await browser.newContext()).newPage()
    await page.setContent(demoPage(demoOf({ detect: ['s320', 's160'], garment: ['g40'] })))
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 800 })
      assert.ok(await fits(page), `${width} px: nothing to scroll to the side`)
      await assertReadable(page, `a demo's page of ${width} px`)
    }
    await page.getByText('1 browser tab and 0 Deno nodes on one machine of 2 processors').waitFor()
    await browser.close()
  },
})

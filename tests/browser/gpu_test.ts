/** A tab whose GPU computes in software: it is lost and comes back; `auto` tries it and stays away. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { editDistance } from '../../profiles/ocr/score.ts'
import { ROOT } from '../../src/cli/root.ts'
import { launch, type Pool, skippedWithout, startPool, wantChromium } from './fixture.ts'
import { joinWith, leave } from './join_with.ts'
import { ofAll } from '../exhaustive.ts'

/** Small ones: a software GPU takes seconds for those of pages. */
const SHELF = join(ROOT, 'profiles', 'shelf')
const VARIANTS = ['s80', 'g40', 'p56']
/** Of the characters: engines round differently, and crops may travel as JPEG. */
const MOST_ERRORS = 0.06

const executable = await wantChromium()

interface Shelf {
  garments: { label: string }[]
  prices: { text: string }[]
}

/** What is seen in the sample scene, and which backends saw it. */
async function see(pool: Pool): Promise<{ seen: string; backends: string[] }> {
  const scene = await Deno.readFile(join(ROOT, 'demo', 'samples', 'shelf.jpg'))
  const { status, answer } = await pool.ask<Shelf>('shelf', scene)
  const lately = pool.lines.slice(-20).join('\n')
  assert.equal(status, 200, `${JSON.stringify(answer)}\n${lately}`)
  const { garments, prices } = answer.outputs
  assert.ok(garments.length > 0 && prices.length > 0)
  const seen = [...garments.map(({ label }) => label), ...prices.map(({ text }) => text)].join(' ')
  const backends = [...new Set(answer.stages.map((stage) => String(stage.backend)))]
  return { seen, backends }
}

function assertAlike(seen: string, expected: string): void {
  const errors = editDistance(expected, seen) / expected.length
  assert.ok(errors <= MOST_ERRORS, `${errors}: ${seen}, not ${expected}`)
}

/** As a driver that crashed: in each worker of the page that computes on the GPU. */
async function destroyDevice(page: Page): Promise<void> {
  const lost = await Promise.all(
    page.workers().map((worker) =>
      worker.evaluate(async () => {
        const module = performance.getEntriesByType('resource').map(({ name }) => name)
          .find((name) => /ort\.webgpu/.test(name))
        if (module === undefined) return false
        const { env } = await import(module)
        const device = await env.webgpu?.device
        device?.destroy()
        return device !== undefined
      })
    ),
  )
  assert.ok(lost.includes(true))
}

Deno.test(ofAll({
  name: `a tab on a software GPU${skippedWithout(executable)}`,
  ignore: executable === undefined,
  // The browser's driver keeps timers and pipes of its own.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    const [browser, pool] = await Promise.all([
      launch(executable!, true),
      startPool({ dirs: [SHELF], variants: VARIANTS }),
    ])
    let onGpu = ''

    try {
      const isBack = await t.step(
        'it is lost and comes back, and the tab sees the same',
        async () => {
          const [page, node] = await joinWith(browser, pool, { name: 'tab gpu', backend: 'webgpu' })
          assert.equal(node.backend, 'webgpu')
          const before = await see(pool)
          await destroyDevice(page)
          await page.getByText('Recent events').click()
          await page.getByText(/A worker starts again: The GPU device was lost/).waitFor()
          const after = await see(pool)
          assertAlike(after.seen, before.seen)
          assert.deepEqual(after.backends, ['webgpu'])
          onGpu = after.seen
          await leave(page)
        },
      )
      // What comes after a step that failed would wait for ever.
      assert.ok(isBack)

      await t.step('auto keeps to wasm before a software adapter, and says why', async () => {
        const [page] = await joinWith(browser, pool, {
          ...{ name: 'tab auto', backend: 'auto', threads: '2' },
        })
        const reason = () => pool.pool.nodes()[0]?.backendReason ?? ''
        const found = () =>
          /; (one thread|two threads) a run: .* two threads carried \d/.exec(reason())
        while (found() === null) await new Promise((done) => setTimeout(done, 50))
        const threads = found()!
        assert.match(
          reason(),
          /^wasm: webgpu \(google swiftshader, a software adapter\) is used only where it is asked/,
        )
        const [node] = pool.pool.nodes()
        assert.equal(node!.threadsPerRun, threads[1] === 'two threads' ? 2 : 1)
        const { seen, backends } = await see(pool)
        assert.deepEqual(backends, ['wasm'])
        assertAlike(seen, onGpu)
        await leave(page)
      })
    } finally {
      await browser.close()
      await pool.end()
    }
  },
}))

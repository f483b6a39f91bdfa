/** A tab generates as a Deno node does: on WebAssembly, and on a GPU that computes in software. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { makeSample } from '../../profiles/fields/sample.ts'
import { ROOT } from '../../src/cli/root.ts'
import { launch, type Pool, skippedWithout, startPool, wantChromium } from './fixture.ts'
import { joinWith, leave } from './join_with.ts'
import { few, ofAll } from '../exhaustive.ts'

const FIELDS = join(ROOT, 'profiles', 'fields')
/** The smallest: a software GPU takes seconds for an answer. */
const VARIANTS = ['nano']

const executable = await wantChromium()

const texts = Array.from(
  { length: few(1, 3) },
  (_, i) => makeSample(31, i, { world: 'held-back', noise: () => 0, mostItems: 2 }).text,
)

/** What the pool says, and on what it ran. */
async function say(pool: Pool): Promise<{ outputs: unknown[]; backends: string[] }> {
  const outputs: unknown[] = []
  const backends = new Set<string>()
  for (const text of texts) {
    const response = await fetch(`${pool.url}/v1/pipelines/fields/infer`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'x-request-timeout-ms': '600000' },
      body: text,
    })
    const answer = await response.json()
    assert.equal(response.status, 200, JSON.stringify(answer))
    outputs.push(answer.outputs)
    for (const { backend } of answer.stages) backends.add(backend)
  }
  return { outputs, backends: [...backends] }
}

for (const [backend, gpu] of [['wasm', false], ['webgpu', true]] as const) {
  const test: Deno.TestDefinition = {
    name: `a tab on ${backend} says what a Deno node says${skippedWithout(executable)}`,
    ignore: executable === undefined,
    // The browser's driver keeps timers and pipes of its own.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const [browser, pool] = await Promise.all([
        launch(executable!, gpu),
        startPool({ dirs: [FIELDS], variants: VARIANTS }),
      ])
      try {
        const [page, node] = await joinWith(browser, pool, { name: `tab ${backend}`, backend })
        assert.equal(node.backend, backend)
        const tab = await say(pool)
        assert.deepEqual(tab.backends, [backend])
        await leave(page)
        await pool.addNode('deno')
        assert.deepEqual((await say(pool)).outputs, tab.outputs)
      } finally {
        await browser.close()
        await pool.end()
      }
    },
  }
  Deno.test(gpu ? ofAll(test) : test)
}

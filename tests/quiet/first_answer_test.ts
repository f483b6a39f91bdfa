/**
 * The first answers of a pool that has just started, with the real models: they come by the most
 * accurate path, whenever they are asked for.
 */
import { testOfAll } from '../exhaustive.ts'
import assert from 'node:assert/strict'
import { createClient } from '../../src/client/client.ts'
import type { OcrOutputs } from '../../src/client/types.ts'
import { spawnNode } from '../../src/cli/serve/spawn_node.ts'
import { OCR, SAMPLE_PAGE, startServing } from '../../src/cli/serve/serving.ts'
import { untilReady } from '../coordinator/fixture.ts'

/** Far enough that a busy machine is no reason to answer worse. */
const TIMEOUT_MS = 120_000
const BEST = { detect: ['736x960'], recognise: ['h32w480'] }

// Here, since beside other work a lone page takes so long on the best path that waiting costs more.
testOfAll(
  'the first answers of a pool come by its most accurate path, also those asked for while it loads',
  async (t) => {
    const serving = await startServing([OCR])
    const client = createClient(serving.url)
    const page = new Blob([await Deno.readFile(SAMPLE_PAGE)], { type: 'image/jpeg' })
    let node: Deno.ChildProcess | undefined
    const start = (name: string) => {
      node = spawnNode(serving.localUrl, name, ['--slots', '1', '--gpu', 'off'])
    }
    const until = async (is: () => boolean) => {
      while (!is()) await new Promise((done) => setTimeout(done, 5))
    }
    const end = async () => {
      node?.kill('SIGKILL')
      await node?.status
    }
    async function isBest() {
      const { path, outputs, accuracy } = await client.infer<OcrOutputs>('ocr', page, {
        timeoutMs: TIMEOUT_MS,
      })
      const by = Object.fromEntries(
        Object.entries(path).map(([task, variants]) => [task, Object.keys(variants)]),
      )
      assert.deepEqual(by, BEST)
      assert.ok(accuracy > 0.97)
      assert.equal(outputs.lines[0]!.text, 'The Harbour Office')
    }
    const isLoading = (name: string) => () =>
      serving.pool.nodes().some((one) => one.name === name) && serving.pool.isLoading()
    try {
      await t.step('one that is asked for while the first models are being loaded', async () => {
        start('first')
        await until(isLoading('first'))
        assert.equal(serving.pool.ready(), false)
        await isBest()
      })
      await end()
      await t.step('one that is asked for as soon as the pool says that it is ready', async () => {
        await until(() => serving.pool.nodes().length === 0)
        start('second')
        await untilReady(serving)
        await isBest()
      })
      await end()
      await t.step('one that is asked for while a node that was lost comes back', async () => {
        await until(() => serving.pool.nodes().length === 0)
        start('second')
        await until(isLoading('second'))
        await isBest()
      })
    } finally {
      await end()
      await serving.end()
    }
  },
)

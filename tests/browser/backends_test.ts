/** One picture, every backend: Deno and a tab of Chromium read the same text from it. */
import assert from 'node:assert/strict'
import { createCanvas, loadImage } from '@napi-rs/canvas'
import { editDistance } from '../../profiles/ocr/score.ts'
import { SAMPLE_PAGE } from '../../src/cli/serve/serving.ts'
import { readAdapter } from '../../src/node/engine/adapter.ts'
import { ocrFolder } from '../cli/ocr_folder.ts'
import { testOfAll } from '../exhaustive.ts'
import { launch, skippedWithout, startPool, wantChromium } from './fixture.ts'
import { joinWith, leave, type Wish } from './join_with.ts'

const DETECTOR = '256x320'
const RECOGNISER = 'h16w400'
/** What the detector sees here: a software GPU takes seconds for more. */
const SIGHT = { height: 96, width: 128 }
/**
 * Of the characters, against the first backend: engines round differently, and crops travel as JPEG
 * where the link is slow. One letter of the line.
 */
const MOST_ERRORS = 0.06

const executable = await wantChromium()
const adapter = await readAdapter()
const wantsNative = Deno.env.get('SHOAL_TEST_NATIVE') === '1'

/**
 * The first line of the sample page on a sheet of the detector's own aspect: on a GPU it keeps to
 * few input shapes, and would see a long strip in less detail.
 */
async function smallPicture(): Promise<Uint8Array<ArrayBuffer>> {
  const page = await loadImage(SAMPLE_PAGE)
  const canvas = createCanvas(576, 432)
  const context = canvas.getContext('2d')
  context.fillStyle = '#f4f0e6'
  context.fillRect(0, 0, 576, 432)
  context.drawImage(page, 80, 70, 576, 100, 0, 150, 576, 100)
  return new Uint8Array(canvas.toBuffer('image/jpeg', 92))
}

testOfAll(
  `every backend reads the same text from a picture${skippedWithout(executable)}`,
  async (t) => {
    const dir = await ocrFolder([DETECTOR, RECOGNISER], { [DETECTOR]: { input: SIGHT } })
    const picture = await smallPicture()
    const [browser, pool] = await Promise.all([
      launch(executable!, true),
      startPool({ dirs: [dir] }),
    ])
    let expected = ''

    async function readsTheSame(backend: string): Promise<void> {
      const { status, answer } = await pool.read(picture)
      assert.equal(status, 200, `${JSON.stringify(answer)}\n${pool.lines.slice(-5).join('\n')}`)
      assert.deepEqual([...new Set(answer.stages.map((stage) => stage.backend))], [backend])
      const text = answer.outputs.lines.map((line) => line.text).join('\n')
      if (expected === '') expected = text
      assert.match(expected, /Harbour/)
      const errors = editDistance(expected, text) / expected.length
      assert.ok(errors <= MOST_ERRORS, `${errors}: ${text}, not ${expected}`)
    }

    /** What comes after a step that failed would wait for ever. */
    const step = async (name: string, fn: () => Promise<void>, ignore = false) => {
      assert.ok(await t.step({ name, ignore, fn }) || ignore, name)
    }

    const inDeno = (backend: string, ignore: boolean, why: string) =>
      step(`Deno on ${backend}${ignore ? ` (skipped: ${why})` : ''}`, async () => {
        const node = await pool.addNode(backend, ['--slots', '1', '--backend', backend])
        await readsTheSame(backend)
        node.kill()
        await node.ended
        while (pool.pool.nodes().length > 0) await new Promise((done) => setTimeout(done, 20))
      }, ignore)

    try {
      await inDeno('wasm', false, '')
      await inDeno('webgpu', adapter === undefined, 'no WebGPU adapter here')
      await inDeno('native', !wantsNative, 'fetches 288 MB; SHOAL_TEST_NATIVE=1 has it run')

      for (const perRun of ['1', '2']) {
        await step(`a tab on wasm, threads a run: ${perRun}`, async () => {
          const wish: Wish = { name: 'tab', backend: 'wasm', threads: '2', perRun }
          const [page, node] = await joinWith(browser, pool, wish)
          assert.equal(node.threadsPerRun, Number(perRun))
          assert.match(node.backendReason!, /^wasm: asked for by name; .* a run, as asked for$/)
          await readsTheSame('wasm')
          await leave(page)
        })
      }

      await step('a tab on WebGPU', async () => {
        const [page, node] = await joinWith(browser, pool, { name: 'tab gpu', backend: 'webgpu' })
        assert.equal(node.backend, 'webgpu')
        assert.equal(node.device?.software, true)
        await readsTheSame('webgpu')
        await leave(page)
      })
    } finally {
      await browser.close()
      await pool.end()
      await Deno.remove(dir, { recursive: true })
    }
  },
  { ignore: executable === undefined, sanitizeOps: false, sanitizeResources: false },
)

/** Files: pipelines, scenarios, keys and pictures, whole, damaged and made up. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import fc from 'fast-check'
import { loadLocalCodec } from '../../src/cli/serve/codec_assets.ts'
import { readKeys } from '../../src/cli/serve/keys_file.ts'
import { OCR, SAMPLE_PAGE } from '../../src/cli/serve/serving.ts'
import { ApiError } from '../../src/coordinator/core/api_error.ts'
import { readInferBody } from '../../src/coordinator/apis/common/infer_request.ts'
import { MAX_PICTURE_PIXELS } from '../../src/coordinator/http/inputs/picture.ts'
import { PipelineError } from '../../src/pipeline/error.ts'
import { checkPipeline, parsePipeline } from '../../src/pipeline/parse.ts'
import { createCodecs } from '../../src/stages/codecs.ts'
import { PictureError } from '../../src/stages/picture_error.ts'
import type { PictureType } from '../../src/stages/whole_file.ts'
import { PIXEL_PNG } from '../coordinator/fixture.ts'
import { altered, anyJson, damaged, runs } from './fuzz.ts'

Deno.test('files: any pipeline file is a pipeline or a PipelineError that names its place', async () => {
  const ocr = JSON.parse(await Deno.readTextFile(join(OCR, 'pipeline.json')))
  const small = {
    ...{ schema: 'shoal-pipeline/1', name: 'p', sloMs: 100, root: 'a' },
    tasks: {
      a: { next: ['b'], variants: { v: { accuracy: 1, fanOut: { b: 2 } } } },
      b: { variants: { w: { accuracy: 0.5 } } },
    },
  }
  fc.assert(
    fc.property(fc.oneof(altered(small), altered(ocr), anyJson), (json) => {
      try {
        checkPipeline(json, 'some file')
      } catch (error) {
        if (!(error instanceof PipelineError)) throw error
        assert.match(error.message, /some file/)
      }
    }),
    runs(0.08),
  )
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      assert.throws(() => parsePipeline(text, 'some file'), PipelineError)
    }),
    runs(0.02),
  )
})

Deno.test('files: any file of keys is one, or an error that names it', async () => {
  const dir = await Deno.makeTempDir()
  const file = join(dir, 'keys.json')
  const key = { name: 'n', role: 'node', sha256: 'a'.repeat(64), addedAt: 'now' }
  await fc.assert(
    fc.asyncProperty(altered({ schema: 'shoal-keys/1', keys: [key, key] }), async (json) => {
      await Deno.writeTextFile(file, JSON.stringify(json) ?? '')
      const keys = await readKeys(file).catch((error) => {
        assert.match(error.message, /^Cannot use keys .*keys\.json/)
        return []
      })
      for (const { sha256 } of keys) assert.match(sha256, /^[\da-f]{64}$/)
    }),
    runs(0.01),
  )
  await Deno.remove(dir, { recursive: true })
})

Deno.test('files: any picture is refused by its header, or decoded, or called damaged', async () => {
  const codecs = createCodecs(loadLocalCodec)
  const data = Uint8ClampedArray.from({ length: 40 * 30 * 4 }, (_, i) => i * 31 % 256)
  const jpeg = await codecs.encodeJpeg({ width: 40, height: 30, channels: 4, data }, 80)
  const webp = Uint8Array.fromBase64('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==')
  const page = (await Deno.readFile(SAMPLE_PAGE)).slice()
  const picture = fc.oneof(
    { weight: 4, arbitrary: damaged([PIXEL_PNG, jpeg, webp]) },
    // Large ones are slow to make: a few.
    { weight: page.length > 300_000 ? 0 : 1, arbitrary: damaged([page]) },
  )
  const type = fc.constantFrom('image/png', 'image/jpeg', 'image/webp')
  const ends = { refused: 0, decoded: 0, damaged: 0 }
  await fc.assert(
    fc.asyncProperty(picture, type, async (bytes, declared) => {
      let read: ReturnType<typeof readInferBody>
      try {
        read = readInferBody(declared, bytes)
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        ends.refused++
        return void assert.match(error.reason, /^(invalid_input|too_large)$/)
      }
      const again = readInferBody(String(read.meta['type']), read.bytes)
      assert.deepEqual(again.bytes, read.bytes, 'there is nothing more to take out')
      try {
        const { width, height, data } = await codecs.decode(
          read.meta['type'] as PictureType,
          read.bytes,
        )
        assert.ok(width * height <= MAX_PICTURE_PIXELS)
        assert.equal(data.length % (width * height), 0)
        ends.decoded++
      } catch (error) {
        if (!(error instanceof PictureError)) throw error
        ends.damaged++
      }
    }),
    runs(0.1),
  )
  assert.ok(Object.values(ends).every((count) => count > 0), JSON.stringify(ends))
  // The codecs are as good as before.
  assert.equal((await codecs.decode('image/png', PIXEL_PNG)).width, 1)
  assert.equal((await codecs.decode('image/jpeg', jpeg)).width, 40)
  assert.equal((await codecs.decode('image/webp', webp)).width, 1)
})

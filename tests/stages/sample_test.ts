/** The items on which a node measures what a stage does beside its model. */
import assert from 'node:assert/strict'
import { stages } from '../../src/stages/stages.ts'
import { isWholeFile } from '../../src/stages/whole_file.ts'
import { sampleJpeg, samplePicture } from '../../src/stages/sample.ts'
import { codecs, contextOf } from './ocr.ts'

Deno.test('a sample file is a JPEG of its size, with as much to decode as a photo', async () => {
  const { meta, bytes } = samplePicture({ isRoot: true })
  assert.deepEqual(meta, { type: 'image/jpeg' })
  assert.ok(isWholeFile('image/jpeg', bytes))
  const { width, height, data } = await codecs.decode('image/jpeg', bytes)
  assert.deepEqual([width, height], [512, 384])
  assert.ok(new Set(data).size > 4, 'not all of one colour')
  const larger = await codecs.decode('image/jpeg', sampleJpeg(1280, 960))
  assert.deepEqual([larger.width, larger.height], [1280, 960])
})

Deno.test('each stage of pictures takes its sample as a good item', async () => {
  for (
    const [task, variant, kind, isRoot] of [
      ['detect', '256x320', 'text-detection', true],
      ['recognise', 'h16w400', 'text-recognition', false],
    ] as const
  ) {
    const context = { ...await contextOf(task, variant), isRoot }
    const [result] = await stages[kind]!.run([stages[kind]!.sample!(context)], context)
    assert.equal(result?.ok, true, kind)
  }
})

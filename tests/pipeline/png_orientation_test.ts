/** Which way up a PNG is, and that to ask is no work for whoever made it long. */
import assert from 'node:assert/strict'
import { pngOrientation } from '../../src/pipeline/png_orientation.ts'
import { chunk, pngOf, tiff } from '../stages/turned_png.ts'

const PIXEL = { width: 1, height: 1, data: [1, 2, 3, 255] }

Deno.test('EXIF larger than a JPEG could have says nothing: a sum over all of it would take seconds', () => {
  const ofText = (length: number) =>
    pngOrientation(pngOf(PIXEL, [chunk('eXIf', tiff(6, false, 'x'.repeat(length)))]))
  assert.equal(ofText(60_000), 6)
  assert.equal(ofText(70_000), 1)
})

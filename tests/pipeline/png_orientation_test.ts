/** Which way up a PNG is, and that to ask is no work for whoever made it long. */
import assert from 'node:assert/strict'
import { exifChunk, pngOrientation, tiffOrientation } from '../../src/pipeline/png_orientation.ts'
import { chunk, pngOf, tiff } from '../stages/turned_png.ts'

const PIXEL = { width: 1, height: 1, data: [1, 2, 3, 255] }
/** Of `tiff`, the entry that tells the orientation. */
const ENTRY_AT = 22
const ENTRY_BYTES = 12
/** Behind the PNG's mark, its head, and the chunk's own length and name. */
const EXIF_AT = 8 + 25 + 8

Deno.test('EXIF larger than a JPEG could have says nothing: a sum over all of it would take seconds', () => {
  const ofText = (length: number) =>
    pngOrientation(pngOf(PIXEL, [chunk('eXIf', tiff(6, false, 'x'.repeat(length)))]))
  assert.equal(ofText(60_000), 6)
  assert.equal(ofText(70_000), 1)
})

Deno.test('EXIF that is cut short or spoilt says nothing, and is no fault', () => {
  for (const little of [false, true]) {
    const whole = Uint8Array.from(tiff(6, little))
    const changed = (at: number, ...bytes: number[]) => {
      const spoilt = whole.slice()
      spoilt.set(bytes, at)
      return tiffOrientation(spoilt)
    }
    assert.equal(tiffOrientation(whole), 6)
    for (let length = 0; length < whole.length; length++) {
      const cut = tiffOrientation(whole.subarray(0, length))
      assert.ok(cut === 1 || (cut === 6 && length >= ENTRY_AT + ENTRY_BYTES), `${length}: ${cut}`)
    }
    const short = (value: number) => little ? [value, 0] : [0, value]
    assert.equal(changed(0, 0x4a, 0x4a), 1, 'no order of bytes')
    assert.equal(changed(2, 0, 0), 1, 'no TIFF')
    assert.equal(changed(4, 0x7f, 0x7f, 0x7f, 0x7f), 1, 'its list is elsewhere')
    assert.equal(changed(ENTRY_AT + 2, ...short(2)), 1, 'a text')
    assert.equal(changed(ENTRY_AT + 8, ...short(0)), 1)
    assert.equal(changed(ENTRY_AT + 8, ...short(9)), 1)
  }
})

Deno.test('a PNG cut short anywhere, or of an EXIF that is not what was written, is upright', () => {
  const png = pngOf(PIXEL, [chunk('eXIf', tiff(6, false))])
  for (let length = 0; length < png.length; length++) {
    const found = pngOrientation(png.subarray(0, length))
    assert.ok([1, 6].includes(found), `${length}: ${found}`)
  }
  const spoilt = png.slice()
  spoilt[EXIF_AT + ENTRY_AT + 9] = 3
  assert.deepEqual([pngOrientation(png), pngOrientation(spoilt)], [6, 1])
  // What comes behind the pixels is not looked for.
  assert.equal(pngOrientation(pngOf(PIXEL, [], [exifChunk(6)])), 1)
  assert.equal(pngOrientation(pngOf(PIXEL, [exifChunk(6)])), 6)
})

import assert from 'node:assert/strict'
import { createCropEncodingChooser } from '../../src/coordinator/crop_encoding.ts'

Deno.test('crops travel compressed on an unknown or slow link, raw on a near or fast one', () => {
  const chooser = createCropEncodingChooser()
  assert.equal(chooser.choose(undefined), 'jpeg')
  assert.equal(chooser.choose(40), 'jpeg')
  assert.equal(chooser.choose(0.4), 'raw')
  chooser.observe(500_000, 100)
  assert.equal(chooser.choose(0.4), 'jpeg', 'measured: 5 kB per ms')
  for (let i = 0; i < 20; i++) chooser.observe(500_000, 5)
  assert.equal(chooser.choose(40), 'raw', 'measured: 100 kB per ms')
  chooser.observe(200, 100)
  assert.equal(chooser.choose(40), 'raw', 'small transfers tell nothing of the rate')
})

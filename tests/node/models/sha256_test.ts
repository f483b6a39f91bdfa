import assert from 'node:assert/strict'
import fc from 'fast-check'
import { sha256 } from '../../../src/node/models/sha256_js.ts'

const native = async (bytes: Uint8Array) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource))

Deno.test('sha256() agrees with crypto.subtle at every length around a block', async () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => 31 * i + length)
    assert.deepEqual(sha256(bytes), await native(bytes), `${length} bytes`)
  }
})

Deno.test('sha256() agrees with crypto.subtle on any bytes, windows of larger buffers among them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 3000, size: 'max' }),
      fc.nat(20),
      async (bytes, from) => {
        const window = bytes.subarray(Math.min(from, bytes.length))
        assert.deepEqual(sha256(window), await native(window))
      },
    ),
    { numRuns: 200 },
  )
})

import assert from 'node:assert/strict'
import { createDecoding, SMALL_PIXELS } from '../../../src/node/slot/decoding.ts'
import { sampleJpeg } from '../../../src/stages/sample.ts'

const fileOf = (side: number) => ({
  meta: { type: 'image/jpeg' },
  bytes: sampleJpeg(side, side),
})

Deno.test('batches of large pictures take turns, others wait for none', async () => {
  const small = fileOf(2048)
  const large = fileOf(2176)
  assert.ok(2048 ** 2 <= SMALL_PIXELS && 2176 ** 2 > SMALL_PIXELS)
  const decoding = createDecoding()
  const done = await decoding([small, large])
  const order: string[] = []
  const second = decoding([large]).then((done) => {
    order.push('second')
    return done
  })
  const third = decoding([large]).then(() => order.push('third'))
  ;(await decoding([small]))() // A crop is no file.
  ;(await decoding([{ meta: { format: 'jpeg', width: 1, height: 1 }, bytes: large.bytes }]))()
  assert.equal(order.join(), '')
  order.push('first')
  done()
  const next = await second
  assert.equal(order.join(), 'first,second')
  next()
  await third
  assert.equal(order.join(), 'first,second,third')
})

/** Large pictures go where there is memory for them, over real sockets. */
import assert from 'node:assert/strict'
import { pngOf } from '../stages/turned_png.ts'
import {
  ask,
  honest,
  joinScripted,
  PIXEL_PNG,
  untilHolds,
  untilReady,
  withCoordinator,
} from './fixture.ts'

/** 4,096 pixels. */
const LARGE = pngOf({ width: 64, height: 64, data: new Uint8Array(4 * 4096).fill(255) })
const ROOMY = { maxPixels: 4096 }
const SMALL = { maxPixels: 4095 }

Deno.test('a picture that no node has memory for is refused, and says what there is memory for', () =>
  withCoordinator(async (coordinator) => {
    const small = await joinScripted(coordinator, 'small', honest, SMALL)
    await untilReady(coordinator)
    const response = await ask(coordinator, {}, LARGE)
    assert.equal(response.status, 503)
    assert.equal(response.headers.get('retry-after'), null)
    const { error, reason } = await response.json()
    assert.equal(reason, 'no_capable_node')
    assert.match(error, /^Cannot decode 4096 pixels: no node .* has memory for more than 4095/)
    assert.equal(small.batches.length, 0)
    const fine = await ask(coordinator)
    assert.equal(fine.status, 200, await fine.text())
  }))

Deno.test('a large picture waits for a node with memory for it, a small one for none', () =>
  withCoordinator(async (coordinator) => {
    const small = await joinScripted(coordinator, 'small', honest, { ...SMALL, slots: 4 })
    const roomy = await joinScripted(coordinator, 'roomy', honest, ROOMY)
    const any = await joinScripted(coordinator, 'any', honest)
    for (const [id, variants] of [['small', 16], ['roomy', 4], ['any', 4]] as const) {
      await untilHolds(coordinator, id, variants)
    }
    const bodies = Array.from({ length: 40 }, (_, i) => i % 2 === 0 ? LARGE : PIXEL_PNG)
    const answers = await Promise.all(bodies.map(async (body) => {
      const response = await ask(coordinator, {}, body)
      return [response.status, await response.text()]
    }))
    assert.deepEqual(answers.filter(([status]) => status !== 200), [])
    const isLarge = (blob: Uint8Array) => blob.length === LARGE.length
    const seen = [small, roomy, any].map(({ batches }) => batches.flatMap(({ blobs }) => blobs))
    const large = seen.map((blobs) => blobs.filter(isLarge).length)
    assert.equal(large[0], 0)
    assert.equal(large[1]! + large[2]!, 20)
    assert.ok(seen[0]!.some((blob) => blob.length === PIXEL_PNG.length))
  }))

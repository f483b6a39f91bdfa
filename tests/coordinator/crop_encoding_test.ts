import assert from 'node:assert/strict'
import { createCropEncodingChooser } from '../../src/coordinator/nodes/crop_encoding.ts'
import { ask, honest, joinScripted, untilHolds, withCoordinator } from './fixture.ts'

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

Deno.test('a node far away is asked for raw crops once its link proved fast', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(
      coordinator,
      'far',
      (batch) => {
        if (batch.message.task === 'read') return honest(batch)
        const { items } = honest(batch)!
        const blobs = items.flatMap(() => [new Uint8Array(50_000), new Uint8Array(50_000)])
        // By its clock nothing of the time was the link's.
        const took = { queueMs: 0, computeMs: 1, elapsedMs: 60_000 }
        node.send({ type: 'result', batch: batch.message.batch, items, ...took }, blobs)
        return undefined
      },
      {},
      1,
      5,
    )
    await untilHolds(coordinator, 'far', 4)
    for (let i = 0; i < 2; i++) await (await ask(coordinator)).body?.cancel()
    const finds = node.batches.filter(({ message }) => message.task === 'find')
    assert.deepEqual(finds.map(({ message }) => message.crops), ['jpeg', 'raw'])
  }))

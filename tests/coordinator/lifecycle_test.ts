import assert from 'node:assert/strict'
import type { Coordinator } from '../../src/cli/serve/coordinator.ts'
import type { InferAnswer } from '../../src/client/types.ts'
import {
  ask,
  type Behaviour,
  honest,
  joinScripted,
  PATIENT,
  PIXEL_PNG,
  untilReady,
  withCoordinator,
} from './fixture.ts'

/** With so many bytes more of what is taken for pixels, which go on to nodes. */
function padded(png: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const headerEnd = 33
  const chunk = new Uint8Array(bytes + 12)
  new DataView(chunk.buffer).setUint32(0, bytes)
  chunk.set(new TextEncoder().encode('IDAT'), 4)
  const out = new Uint8Array(png.byteLength + chunk.byteLength)
  out.set(png.subarray(0, headerEnd))
  out.set(chunk, headerEnd)
  out.set(png.subarray(headerEnd), headerEnd + chunk.byteLength)
  return out
}

const never: Behaviour = () => undefined

Deno.test('without nodes a query is refused at once, with a time to try again', () =>
  withCoordinator(async (coordinator) => {
    const response = await ask(coordinator)
    assert.equal(response.status, 503)
    assert.equal((await response.json()).reason, 'no_capable_node')
    assert.match(response.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
  }))

Deno.test('a query whose node never answers gets 504 at its deadline', () =>
  withCoordinator(async (coordinator) => {
    await joinScripted(coordinator, 'mute', never)
    await untilReady(coordinator)
    // Far longer than a busy machine may take for a round trip, of which the door takes account.
    const response = await ask(coordinator, { 'x-request-timeout-ms': '2000' })
    assert.equal(response.status, 504)
    assert.equal((await response.json()).reason, 'deadline_exceeded')
    assert.equal(response.headers.get('retry-after'), null)
  }))

Deno.test('a batch that died with its node is answered by another', () =>
  withCoordinator(async (coordinator) => {
    const doomed = await joinScripted(coordinator, 'doomed', never)
    await untilReady(coordinator)
    const query = ask(coordinator, PATIENT)
    await doomed.got('batch')
    await joinScripted(coordinator, 'heir')
    await doomed.leave()
    const response = await query
    assert.equal(response.status, 200)
    const { stages } = await response.json() as InferAnswer
    assert.ok(stages.every(({ node }) => node === 'heir'))
  }))

Deno.test('a batch that a node reports lost is tried again, and a bad result counts as lost', () => {
  let tries = 0
  const clumsy: Behaviour = (batch) => {
    tries++
    // First one result too many, then as it should be.
    if (tries === 1) {
      return {
        items: [...batch.message.items, 0].map(() => ({
          ok: false,
          reason: 'internal',
          message: 'x',
        })),
      }
    }
    return honest(batch)
  }
  return withCoordinator(async (coordinator) => {
    await joinScripted(coordinator, 'clumsy', clumsy)
    await untilReady(coordinator)
    const response = await ask(coordinator)
    assert.equal(response.status, 200)
    await response.body?.cancel()
    assert.ok(tries >= 3)
  })
})

Deno.test('an input that a stage calls invalid answers 400 with its message', () => {
  const picky: Behaviour = ({ message }) => ({
    items: message.items.map(() => ({
      ok: false,
      reason: 'invalid_input',
      message: 'Cannot decode',
    })),
  })
  return withCoordinator(async (coordinator) => {
    await joinScripted(coordinator, 'picky', picky)
    await untilReady(coordinator)
    const response = await ask(coordinator)
    assert.equal(response.status, 400)
    assert.deepEqual(await response.json(), { error: 'Cannot decode', reason: 'invalid_input' })
  })
})

// What the server beneath tells of a small request it does not tell of one that comes in pieces.
for (
  const [what, picture] of [['small', PIXEL_PNG], ['large', padded(PIXEL_PNG, 200_000)]] as const
) {
  Deno.test({
    name: `a client that goes away cancels its query of a ${what} picture; the next is served`,
    ignore: what === 'large' && Deno.build.os !== 'linux',
    fn: () => withCoordinator((coordinator) => leaveWaiting(coordinator, picture)),
  })
}

async function leaveWaiting(coordinator: Coordinator, picture: Uint8Array<ArrayBuffer>) {
  let stuck = true
  const node = await joinScripted(
    coordinator,
    'one',
    (batch) => stuck ? undefined : honest(batch),
  )
  await untilReady(coordinator)
  const client = new AbortController()
  const query = ask(coordinator, PATIENT, picture, 'words', client.signal)
  const { batch } = await node.got('batch')
  client.abort()
  await assert.rejects(query)
  await node.got('cancel', (message) => message.batch === batch)
  const stats = await (await fetch(`${coordinator.url}/v1/stats`)).json()
  assert.equal(stats.pipelines.words.cancelled, 1)
  assert.equal(stats.pipelines.words.inFlight, 0)
  stuck = false
  const next = await ask(coordinator, PATIENT, picture)
  assert.equal(next.status, 200)
  await next.body?.cancel()
}

Deno.test({
  name: 'who closes its sending side before the answer is told that it counts as gone',
  ignore: Deno.build.os !== 'linux',
  fn: () =>
    withCoordinator(async (coordinator) => {
      await joinScripted(coordinator, 'one', never)
      await untilReady(coordinator)
      const { port } = new URL(coordinator.url)
      const picture = padded(PIXEL_PNG, 200_000)
      using conn = await Deno.connect({ hostname: '127.0.0.1', port: Number(port) })
      const head = `POST /v1/pipelines/words/infer HTTP/1.1\r\nHost: localhost:${port}\r\n` +
        `Content-Type: image/png\r\nContent-Length: ${picture.length}\r\n\r\n`
      const request = new Blob([head, picture]).stream()
      for await (const part of request) {
        for (let at = 0; at < part.length;) at += await conn.write(part.subarray(at))
      }
      await conn.closeWrite()
      const answer = await new Response(conn.readable).text()
      assert.match(
        answer,
        /^HTTP\/1\.1 400 [\s\S]*keep the connection open until the answer[\s\S]*"invalid_input"/,
      )
    }),
})

Deno.test('what a node says of a batch that was called off is heard, and is no fault', async () => {
  const failed: { batch: number; computeMs?: number }[] = []
  const lines: string[] = []
  let stuck = true
  await withCoordinator(
    async (coordinator) => {
      const node = await joinScripted(
        coordinator,
        'one',
        (batch) => stuck ? undefined : honest(batch),
      )
      await untilReady(coordinator)
      // Two, whose ends are heard of as a word of its own, and as a result that crossed.
      for (const ends of ['batch_failed', 'result']) {
        stuck = true
        const known = node.batches.map(({ message }) => message.batch)
        const client = new AbortController()
        const query = ask(coordinator, PATIENT, undefined, 'words', client.signal)
        const { batch } = await node.got('batch', ({ batch }) => !known.includes(batch))
        client.abort()
        await assert.rejects(query)
        await node.got('cancel', (message) => message.batch === batch)
        stuck = false
        for (let time = 0; time < 2; time++) {
          if (ends === 'batch_failed') node.send({ type: ends, batch, message: 'x', computeMs: 7 })
          else {
            const took = { queueMs: 0, computeMs: 1, elapsedMs: 1 }
            node.send({ type: 'result', batch, ...took, items: [] })
          }
        }
        const next = await ask(coordinator, PATIENT)
        assert.equal(next.status, 200)
        await next.body?.cancel()
        // Told once, whatever else is said of it.
        const told = failed.filter((one) => one.batch === batch)
        // What it took is known of what ran to its end.
        assert.deepEqual(told.map(({ computeMs }) => computeMs), [
          ends === 'result' ? undefined : 7,
        ])
      }
    },
    undefined,
    {
      log: (line) => void lines.push(line),
      wrap: (scheduler) => ({
        ...scheduler,
        handle(event, ...rest) {
          if (event.type === 'batch_failed') failed.push(event)
          return scheduler.handle(event, ...rest)
        },
      }),
    },
  )
  // Said again of the first, it is as of any that is not known.
  assert.equal(lines.filter((line) => line.includes('lost a batch: x')).length, 1)
})

Deno.test('ready follows the nodes: 503 without, 200 with, 503 when the last one left', () =>
  withCoordinator(async (coordinator) => {
    const status = async () => {
      const response = await fetch(`${coordinator.url}/v2/health/ready`)
      await response.body?.cancel()
      return response.status
    }
    assert.equal(await status(), 503)
    const node = await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    assert.equal(await status(), 200)
    await node.leave()
    while (coordinator.pool.nodes().length > 0) await new Promise((done) => setTimeout(done, 1))
    assert.equal(await status(), 503)
    assert.equal(
      (await fetch(`${coordinator.url}/v2/health/live`).then((r) => r.json())).live,
      true,
    )
  }))

Deno.test('draining answers what is inside and refuses what comes', () =>
  withCoordinator(async (coordinator) => {
    const held: (() => void)[] = []
    const node = await joinScripted(coordinator, 'one', (batch) => {
      if (held.length > 0) return honest(batch)
      held.push(() => {
        const result = honest(batch)
        node.send({
          ...{ type: 'result', batch: batch.message.batch, items: result?.items ?? [] },
          ...{ queueMs: 0, computeMs: 1, elapsedMs: 1 },
        }, result?.blobs)
      })
      return undefined
    })
    await untilReady(coordinator)
    const inside = ask(coordinator, PATIENT)
    await node.got('batch')
    const closing = coordinator.pool.drain(4000)
    const refused = await ask(coordinator)
    assert.equal(refused.status, 503)
    assert.equal((await refused.json()).reason, 'draining')
    held[0]?.()
    assert.equal((await inside).status, 200)
    await (await inside).body?.cancel()
    await closing
    await node.got('drain')
  }))

Deno.test('draining answers what nobody got through in its time, too', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'one', never)
    await untilReady(coordinator)
    const inside = ask(coordinator, PATIENT)
    await node.got('batch')
    await coordinator.pool.drain(50)
    const response = await inside
    assert.equal(response.status, 503)
    assert.equal((await response.json()).reason, 'draining')
  }))

Deno.test('a picture too large for one frame travels in several', () =>
  withCoordinator(async (coordinator) => {
    const node = await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    const big = padded(PIXEL_PNG, 20 * 1024 * 1024)
    const response = await ask(coordinator, {}, big)
    assert.equal(response.status, 200, await response.clone().text())
    await response.body?.cancel()
    const find = node.batches.find(({ message }) => message.task === 'find')
    assert.equal(find?.blobs[0]?.byteLength, big.byteLength)
  }))

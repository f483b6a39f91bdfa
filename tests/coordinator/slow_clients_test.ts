/** Clients that take their time: what they hold is let go, and others do not wait for them. */
import assert from 'node:assert/strict'
import { readBody } from '../../src/coordinator/http/bodies/body.ts'
import { ask, joinScripted, untilReady, withCoordinator } from './fixture.ts'

Deno.test('a body that trickles in is given up at the deadline, large or small', () =>
  withCoordinator(async (coordinator) => {
    await joinScripted(coordinator, 'one')
    await untilReady(coordinator)
    const { port } = new URL(coordinator.url)
    for (
      const framing of [
        'Content-Length: 1000',
        'Content-Length: 9000000',
        'Transfer-Encoding: chunked',
      ]
    ) {
      const conn = await Deno.connect({ hostname: '127.0.0.1', port: Number(port) })
      await conn.write(new TextEncoder().encode(
        `POST /v1/pipelines/words/infer HTTP/1.1\r\nHost: localhost:${port}\r\n` +
          `Content-Type: image/png\r\nx-request-timeout-ms: 100\r\n${framing}\r\n\r\n5\r\nabcde\r\n`,
      ))
      const bytes = new Uint8Array(4096)
      const size = await conn.read(bytes)
      const answer = new TextDecoder().decode(bytes.subarray(0, size ?? 0))
      assert.match(answer, /^HTTP\/1\.1 504 [\s\S]*deadline_exceeded/, framing)
      conn.close()
    }
    const response = await ask(coordinator)
    assert.equal(response.status, 200, await response.text())
  }))

Deno.test('readBody() waits no longer than half a minute, however late the deadline is', async () => {
  for (const length of [undefined, '5', '9000000']) {
    let giveUp: (() => void) | undefined
    let atMs = 0
    let cancelled = false
    const deadlines = {
      at(ms: number, action: () => void) {
        atMs = ms
        giveUp = action
        return () => {}
      },
    }
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(3)),
      cancel: () => void (cancelled = true),
    })
    const headers: HeadersInit = length === undefined ? {} : { 'content-length': length }
    const request = new Request('http://localhost', { method: 'POST', body, headers })
    const read = readBody(request, deadlines, 1000, 601_000)
    assert.equal(atMs, 31_000)
    giveUp!()
    await assert.rejects(read, { reason: 'deadline_exceeded' })
    // What is read whole is small; all else is let go at once.
    assert.equal(cancelled, length !== '5', String(length))
  }
})

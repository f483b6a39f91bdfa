/** Clients and nodes that hang up at any point of what they do: nobody else notices, nothing stays. */
import assert from 'node:assert/strict'
import { SMALL } from '../../src/bench/requeue/scene.ts'
import { buildAssets } from '../../src/cli/serve/build_assets.ts'
import { SAMPLE_PAGE, startServing } from '../../src/cli/serve/serving.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/mod.ts'
import { few } from '../exhaustive.ts'
import { encode, frame, hangUp, rawGet, UPGRADE } from '../coordinator/raw_socket.ts'

function post(path: string, type: string, body: Uint8Array) {
  const head = encode(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\n` +
      `Content-Length: ${body.byteLength}\r\nX-Request-Timeout-Ms: 30000\r\n\r\n`,
  )
  return new Uint8Array([...head, ...body])
}

const HELLO = JSON.stringify({ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'cut', epoch: 1 })

// Deno itself waits on for sockets that broke off as they opened.
Deno.test('whoever hangs up, at any point of a request or an answer, harms nobody else', {
  sanitizeOps: false,
}, async (t) => {
  const assets = await buildAssets()
  const faults: string[] = []
  const serving = await startServing(undefined, {
    ...{ assets, variants: SMALL },
    log: (line, level) => void (level === 'error' && faults.push(line)),
  })
  const port = Number(new URL(serving.localUrl).port)
  const page = await Deno.readFile(SAMPLE_PAGE)

  /** Nothing is left of them, and a query is answered as before. */
  async function isWell() {
    const { pool } = serving
    while (pool.queriesInFlight() > 0 || pool.nodes().some(({ name }) => name !== 'one')) {
      await new Promise((done) => setTimeout(done, 1))
    }
    for (;;) {
      const { listeners } = await (await fetch(`${serving.localUrl}/v1/stats`)).json()
      if (listeners === 0) break
    }
    const answer = await fetch(`${serving.localUrl}/v1/pipelines/ocr/infer`, {
      method: 'POST',
      headers: { 'content-type': 'image/jpeg', 'x-request-timeout-ms': '60000' },
      body: page,
    })
    const { outputs } = await answer.json()
    assert.equal(answer.status, 200)
    assert.ok(outputs.lines.length > 5)
    assert.deepEqual(faults, [])
  }

  try {
    await serving.addNode('one')

    await t.step('downloads: pages, engines, models', async () => {
      const models = serving.pipelines.flatMap(({ models }) => Object.values(models))
      const paths = [...assets.keys(), ...models.map(({ sha256 }) => `/models/${sha256}`)]
      for (const path of paths) {
        for (const read of [1 << 16, 0, 1, 1 << 20].slice(0, few(1, 4))) {
          for (const reset of [false, true]) {
            await hangUp(port, rawGet(path, 'Connection: close\r\n'), {
              sent: 1 << 20,
              read,
              reset,
            })
          }
        }
      }
      await isWell()
    })

    await t.step('listeners', async () => {
      // More than may listen at once.
      for (let i = 0; i < few(66, 100); i++) {
        const cut = { sent: 1 << 20, read: i % 2, reset: i % 4 < 2 }
        await hangUp(port, rawGet('/v1/events'), cut)
      }
      await isWell()
    })

    await t.step('questions, half asked or before they are answered', async () => {
      const asked = [
        post('/v1/pipelines/ocr/infer', 'image/jpeg', page),
        post(
          '/v2/models/ocr/infer',
          'application/json',
          encode(JSON.stringify({
            inputs: [{
              ...{ name: 'image', datatype: 'BYTES', shape: [1] },
              data: [page.toBase64()],
            }],
          })),
        ),
      ]
      for (const request of asked) {
        for (const part of [0.001, 0.5, 1, 0.1, 0.9].slice(0, few(3, 5))) {
          for (const reset of [false, true]) {
            const sent = Math.ceil(request.byteLength * part)
            await hangUp(port, request, { sent, read: 0, reset })
          }
        }
      }
      await isWell()
    })

    await t.step('links', async () => {
      const upgrade = rawGet('/v1/link', UPGRADE)
      const whole = new Uint8Array([...upgrade, ...frame(HELLO)])
      const cuts = [
        { sent: upgrade.length - 3, read: 0 },
        { sent: upgrade.length, read: 0 },
        { sent: upgrade.length + 5, read: 1 },
        { sent: whole.length, read: 0 },
        { sent: whole.length, read: 1 },
        // The answer to an upgrade is shorter, what a node is welcomed with longer.
        { sent: whole.length, read: 1000 },
      ]
      for (const cut of [...cuts, ...cuts]) {
        for (const reset of [false, true]) await hangUp(port, whole, { ...cut, reset })
      }
      await isWell()
    })
  } finally {
    await serving.end()
  }
})

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { hashedFile } from '../../src/cli/serve/hashed.ts'
import { mountPages } from '../../src/coordinator/http/pages.ts'
import type { LoadedPipeline } from '../../src/cli/pipelines/load.ts'
import { checkPipeline } from '../../src/pipeline/parse.ts'
import { withCoordinator } from '../coordinator/fixture.ts'
import { hangUp, rawGet } from '../coordinator/raw_socket.ts'

// An error that gets loose when somebody hangs up ends the process: the coordinator, and here the
// test that it happens in.

async function withFile(test: (file: string, content: Uint8Array) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-hashed-'))
  const content = randomBytes(8 << 20)
  await writeFile(join(folder, 'engine.wasm'), content)
  try {
    await test(join(folder, 'engine.wasm'), content)
  } finally {
    await rm(folder, { recursive: true })
  }
}

Deno.test('a file that is given up while it is read is let go of', () =>
  withFile(async (file) => {
    const { body } = await hashedFile(file)
    assert.ok(typeof body === 'function')
    for (let round = 0; round < 30; round++) {
      const reader = body().getReader()
      for (let parts = round % 7; parts > 0; parts--) await reader.read()
      // Once all of it was read beside it, it is ahead of its reader, and waits: reading on wakes it.
      await readFile(file)
      const last = reader.read()
      await reader.cancel()
      await last
    }
  }))

Deno.test('who hangs up in the midst of a download harms nobody else', () =>
  withFile(async (file, content) => {
    const { path, ...asset } = await hashedFile(file)
    const app = new Hono()
    mountPages(app, new Map([[path, asset]]))
    const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen() {} }, app.fetch)
    const { port } = server.addr as Deno.NetAddr
    try {
      for (let part = 1; part <= 32; part++) {
        const cut = { sent: Infinity, read: part << 16, reset: false }
        await hangUp(port, rawGet(path), cut)
      }
      const answer = await fetch(`http://127.0.0.1:${port}${path}`)
      assert.equal(answer.headers.get('content-type'), 'application/wasm')
      assert.ok(new Uint8Array(await answer.arrayBuffer()).every((byte, i) => byte === content[i]))
    } finally {
      await server.shutdown()
    }
  }))

Deno.test({
  name: 'who asks for the head of a file alone has none of it opened, nor who holds the model',
  ignore: Deno.build.os !== 'linux',
  fn: () =>
    withFile(async (file) => {
      const { path, ...asset } = await hashedFile(file)
      const sha256 = 'a'.repeat(64)
      const program = 'b'.repeat(64)
      const bytes = (await Deno.stat(file)).size
      const served: LoadedPipeline = {
        dir: '',
        pipeline: checkPipeline({
          ...{ schema: 'shoal-pipeline/1', name: 'own', sloMs: 1000, root: 'own' },
          tasks: { own: { kind: 'code', stage: 'stage.ts', variants: { only: { accuracy: 1 } } } },
        }, 'test'),
        models: {
          'm.onnx': { sha256, bytes, file },
          'stage.ts': { sha256: program, bytes, file },
        },
      }
      await withCoordinator(
        async ({ url }) => {
          for (const each of [path, `/models/${sha256}`, `/code/${program}.js`]) {
            const { status, headers } = await fetch(url + each)
              .then(async (answer) => (await answer.bytes(), answer))
            for (let i = 0; i < 20; i++) {
              const head = await fetch(url + each, { method: 'HEAD' })
              assert.equal(head.status, status)
              assert.equal(status, 200)
              assert.equal(head.headers.get('etag'), headers.get('etag'))
              assert.equal(head.headers.get('content-type'), headers.get('content-type'))
              assert.equal(head.headers.get('content-length'), String(bytes))
            }
            assert.deepEqual(openOnes(file), [], each)
          }
          const etag = `"${sha256}"`
          for (const held of [etag, `W/${etag}`, `"other", ${etag}`]) {
            const again = await fetch(`${url}/models/${sha256}`, {
              headers: { 'if-none-match': held },
            })
            assert.equal(again.status, 304, held)
            assert.equal((await again.bytes()).byteLength, 0)
            assert.equal(again.headers.get('etag'), etag)
          }
          const other = await fetch(`${url}/models/${sha256}`, {
            headers: { 'if-none-match': '"other"' },
          })
          assert.equal((await other.bytes()).byteLength, bytes)
        },
        undefined,
        { assets: new Map([[path, asset]]), pipelines: [served] },
      )
    }),
})

/** Descriptors of this process that lead to the file. */
function openOnes(file: string): string[] {
  return [...Deno.readDirSync('/proc/self/fd')].map(({ name }) => name).filter((name) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`) === file
    } catch {
      return false
    }
  })
}

/** What another process started ends with that one, however that ended. */
import assert from 'node:assert/strict'
import { fromFileUrl } from '../../src/cli/root.ts'
import { endsByItself } from './ends.ts'

for (
  const [what, file] of [
    ['a node', './tied_parent.ts'],
    ['what asks for a benchmark', './bench_parent.ts'],
  ] as const
) {
  Deno.test(`${what} does not outlive who started it, even killed without a word`, async () => {
    const asked = Promise.withResolvers<void>()
    const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen() {} }, () => {
      asked.resolve()
      return new Response(null, { status: 503 })
    })
    const parent = new Deno.Command(Deno.execPath(), {
      args: [
        ...['run', '-A', '--no-check', fromFileUrl(new URL(file, import.meta.url))],
        `http://127.0.0.1:${server.addr.port}`,
      ],
      ...{ stdin: 'null', stdout: 'piped', stderr: 'piped' },
    }).spawn()
    const pid = readPid(parent.stdout)
    // What it started prints its errors to the same pipe, so that ends when both have.
    const ended = new Response(parent.stderr).text()
    await asked.promise
    parent.kill('SIGKILL')
    await parent.status
    const did = await endsByItself(ended, await pid)
    await server.shutdown()
    assert(did)
  })
}

const readPid = async (stdout: ReadableStream<Uint8Array>) =>
  Number((await new Response(stdout).text()).trim())

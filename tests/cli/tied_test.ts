/** A node that another process started ends with that one, however that ended. */
import assert from 'node:assert/strict'
import { fromFileUrl } from '../../src/cli/root.ts'
import { endsByItself } from './ends.ts'

Deno.test('a node does not outlive who started it, even killed without a word', async () => {
  const joins = Promise.withResolvers<void>()
  const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen() {} }, () => {
    joins.resolve()
    return new Response(null, { status: 503 })
  })
  const parent = new Deno.Command(Deno.execPath(), {
    args: [
      ...['run', '-A', '--no-check', fromFileUrl(new URL('./tied_parent.ts', import.meta.url))],
      `http://127.0.0.1:${server.addr.port}`,
    ],
    ...{ stdin: 'null', stdout: 'piped', stderr: 'piped' },
  }).spawn()
  const pid = readPid(parent.stdout)
  // The node prints its errors to the same pipe, so that ends when both have.
  const ended = new Response(parent.stderr).text()
  await joins.promise
  parent.kill('SIGKILL')
  await parent.status
  const did = await endsByItself(ended, await pid)
  await server.shutdown()
  assert(did)
})

const readPid = async (stdout: ReadableStream<Uint8Array>) =>
  Number((await new Response(stdout).text()).trim())

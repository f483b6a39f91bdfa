/** A server without a descriptor left, until it is told on its standard input to have some again. */
import { listen } from '../../src/cli/serve/listen.ts'

const files: Deno.FsFile[] = []
const server = listen({ hostname: '127.0.0.1', port: 0 }, async (request) => {
  if (new URL(request.url).pathname === '/fill') {
    try {
      for (;;) files.push(await Deno.open(import.meta.filename!))
    } catch (error) {
      return new Response((error as Error).message)
    }
  }
  return new Response('answered')
}, (line) => console.log(line))
console.log(`port ${server.port}`)

for await (const _ of Deno.stdin.readable) {
  for (const file of files.splice(0)) file.close()
}
await server.shutdown()
console.log('closed')

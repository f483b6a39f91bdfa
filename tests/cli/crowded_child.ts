/** A server without a descriptor left, until it is told on its standard input to have some again. */
import { listen } from '../../src/cli/serve/listen.ts'

// As the command does. Deno opens what it hears signals by a moment after the start if nobody asks for
// it before, and panics where no descriptor is left for that.
Deno.addSignalListener('SIGINT', () => {})

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

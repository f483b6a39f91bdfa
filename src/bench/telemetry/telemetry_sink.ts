/** Takes what is exported and does nothing with it; tells how often and how much. @module */
import { answerLines } from '../child.ts'

const taken = { exports: 0, bytes: 0 }
const { addr } = Deno.serve(
  { hostname: '127.0.0.1', port: 0, onListen: () => {} },
  async (request) => {
    taken.exports++
    taken.bytes += (await request.arrayBuffer()).byteLength
    return new Response()
  },
)
await answerLines(`http://127.0.0.1:${addr.port}`, () => Promise.resolve(taken))

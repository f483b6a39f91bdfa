/**
 * What `deno task bench overhead` holds the coordinator against: a Hono route that sends the body over a
 * WebSocket in a frame of the same make and answers with what comes back; nothing is decided or checked.
 * @module
 */
import { Hono } from 'hono'
import { upgradeWebSocket } from 'hono/deno'
import { encodeFrame } from '../../protocol/mod.ts'
import { answerLines } from '../child.ts'
import { spawnIdleNode } from '../server.ts'

const app = new Hono()
const waiting = new Map<number, (text: string) => void>()
const { promise: joined, resolve: join } = Promise.withResolvers<WebSocket>()
let serial = 0
app.get(
  '/v1/link',
  upgradeWebSocket(() => ({
    onOpen: (_, ws) => join(ws.raw!),
    onMessage({ data }) {
      const { batch, answer } = JSON.parse(data as string)
      waiting.get(batch)?.(answer)
      waiting.delete(batch)
    },
  })),
)
app.post('/v1/pipelines/:name/infer', async (c) => {
  const body = new Uint8Array(await c.req.arrayBuffer())
  const batch = ++serial
  const answer = new Promise<string>((resolve) => waiting.set(batch, resolve))
  node.send(encodeFrame({ type: 'batch', batch, meta: { type: 'image/png' } }, [body]).buffer)
  return c.json(await answer)
})
const { addr } = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, app.fetch)
const url = `http://localhost:${addr.port}`
const { pid } = spawnIdleNode('bare', url)
const node = await joined
await answerLines({ url, nodes: [pid] })

/**
 * What `deno task bench overhead` holds the coordinator against: a Hono route that sends the body over a
 * WebSocket in a frame of the same make and answers with what comes back; nothing is decided or checked.
 * @module
 */
import { Hono } from 'hono'
import { upgradeWebSocket } from 'hono/deno'
import { encodeFrame } from '../../protocol/mod.ts'
import { answerLines } from '../child.ts'

const app = new Hono()
const waiting = new Map<number, (text: string) => void>()
let node: WebSocket | undefined
let serial = 0
app.get(
  '/v1/link',
  upgradeWebSocket(() => ({
    onOpen: (_, ws) => void (node = ws.raw),
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
  node!.send(encodeFrame({ type: 'batch', batch, meta: { type: 'image/png' } }, [body]).buffer)
  return c.json(await answer)
})
app.get('/v2/health/ready', (c) => c.body(null, node === undefined ? 503 : 200))
const { addr } = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, app.fetch)
await answerLines({ url: `http://localhost:${addr.port}` })

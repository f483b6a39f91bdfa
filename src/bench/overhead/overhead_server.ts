/**
 * What `deno task bench overhead` compares, each in a process of its own: `shoal`, the coordinator
 * with a pipeline of one task; `bare`, a Hono route that sends the body over a WebSocket in a frame
 * of the same make and answers with what comes back, with nothing decided or checked.
 *
 * @module
 */
import { Hono } from 'hono'
import { upgradeWebSocket } from 'hono/deno'
import { checkPipeline } from '../../pipeline/parse.ts'
import { encodeFrame } from '../../protocol/mod.ts'
import { startCoordinator } from '../../cli/serve/coordinator.ts'
import { answerLines } from '../child.ts'

function startShoal(): string {
  const pipeline = checkPipeline({
    ...{ schema: 'shoal-pipeline/1', name: 'pass', sloMs: 5000, root: 'pass' },
    tasks: { pass: { variants: { only: { accuracy: 1, referenceMs: 0.1 } } } },
    output: { passed: { each: 'pass', with: ['text'] } },
  }, 'bench')
  return startCoordinator({ port: 0, pipelines: [{ dir: '', pipeline, models: {} }] }).url
}

function startBare(): string {
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
  return `http://localhost:${addr.port}`
}

await answerLines(Deno.args[0] === 'bare' ? startBare() : startShoal(), () => Promise.resolve(null))

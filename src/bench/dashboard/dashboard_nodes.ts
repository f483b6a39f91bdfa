/**
 * Many nodes in one process, for `deno task bench dashboard`: real links to a real coordinator, but
 * no models; each batch takes as long as the variant's `referenceMs` says, times the node's own
 * speed. The process asks, too: so many queries a second.
 *
 * Arguments: URL of the coordinator, number of nodes, queries a second, times of the variants.
 * @module
 */
import {
  type BatchMessage,
  createCoordinatorMessageReader,
  encodeMessage,
  type NodeMessage,
  PROTOCOL_VERSION,
  type WireData,
} from '../../protocol/mod.ts'
import { answerLines } from '../child.ts'
import { PIXEL } from '../overhead/padded_png.ts'
import { infer } from '../tools.ts'

const [url = '', count = '1', ratePerS = '1'] = Deno.args
const LINES = 7
/** Links that are opened at a time. */
const AT_ONCE = 50
/** Kinds of devices, as times of the reference. */
const SPEEDS = [0.35, 1, 1.8, 3]

const { pipelines } = await (await fetch(`${url}/v1/pipelines`)).json()
const tasks = pipelines[0].tasks as Record<string, { next: string[] }>
const referenceMs = JSON.parse(Deno.args[3] ?? '{}') as Record<string, number>

async function join(index: number): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/link`)
  socket.binaryType = 'arraybuffer'
  const read = createCoordinatorMessageReader()
  const speed = SPEEDS[index % SPEEDS.length]!
  let serial = 0
  const send = (message: NodeMessage, blobs: Uint8Array[] = []) => {
    if (socket.readyState !== WebSocket.OPEN) return
    for (const data of encodeMessage(message, blobs, ++serial)) socket.send(data)
  }
  let freeAtMs = 0

  function run(batch: BatchMessage): void {
    const nowMs = performance.now()
    const computeMs = batch.items.length * (referenceMs[batch.variant] ?? 10) * speed
    const queueMs = Math.max(0, freeAtMs - nowMs)
    freeAtMs = nowMs + queueMs + computeMs
    const [child] = tasks[batch.task]?.next ?? []
    const crops = batch.items.flatMap((_, item) =>
      Array.from({ length: LINES }, (_, line) => ({ item, line }))
    )
    setTimeout(() => {
      send({
        ...{ type: 'result', batch: batch.batch, queueMs, computeMs },
        elapsedMs: performance.now() - nowMs,
        items: batch.items.map((_, item) => ({
          ok: true as const,
          fields: child === undefined ? { text: 'simulated' } : null,
          children: child === undefined ? {} : {
            [child]: crops.flatMap((crop, blob) =>
              crop.item !== item ? [] : [{
                meta: { box: [[0, 0], [1, 0], [1, 1], [0, 1]] },
                blob,
                key: `${batch.batch}/${item}/${crop.line}`,
              }]
            ),
          },
        })),
      }, child === undefined ? [] : crops.map(() => new Uint8Array(4)))
    }, queueMs + computeMs)
  }

  socket.onmessage = ({ data }) => {
    const message = read(data as WireData)?.message
    if (message?.type === 'ping') send({ type: 'pong', n: message.n })
    if (message?.type === 'load') {
      for (const one of message.instances) send({ type: 'ready', loadMs: 1, ...one })
    }
    if (message?.type === 'batch') run(message)
  }
  await new Promise((open, fail) => {
    socket.onopen = open
    socket.onerror = fail
  })
  send({
    ...{ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: crypto.randomUUID(), epoch: 1 },
    ...{ name: `simulated-${index + 1}`, runtime: 'deno', backend: 'wasm', slots: 1 },
  })
}

for (let i = 0; i < Number(count); i += AT_ONCE) {
  const size = Math.min(AT_ONCE, Number(count) - i)
  await Promise.all(Array.from({ length: size }, (_, j) => join(i + j)))
}
setInterval(() => {
  void infer(url, pipelines[0].name, PIXEL, { type: 'image/png' }).then(({ body }) =>
    body?.cancel()
  ).catch(() => {})
}, 1000 / Number(ratePerS))
await answerLines(null)

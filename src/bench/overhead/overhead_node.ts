/**
 * A node that does nothing, at once: reads each batch and answers it. `shoal` speaks the protocol,
 * `bare` what the bare hop of `deno task bench overhead` speaks.
 * @module
 */
import {
  createCoordinatorMessageReader,
  decodeFrame,
  encodeMessage,
  type NodeMessage,
  PROTOCOL_VERSION,
  type WireData,
} from '../../protocol/mod.ts'
import { answerLines } from '../child.ts'

const [kind, url = '', slots = '1'] = Deno.args
const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/link`)
socket.binaryType = 'arraybuffer'
const read = createCoordinatorMessageReader()

/** As long as an answer of the coordinator, so that both write as much. */
const ANSWER = { text: 'passed', more: 'x'.repeat(420) }

function send(message: NodeMessage): void {
  for (const data of encodeMessage(message)) socket.send(data)
}

function onShoal(data: WireData): void {
  const receivedMs = performance.now()
  const message = read(data)?.message
  if (message?.type === 'ping') send({ type: 'pong', n: message.n })
  if (message?.type === 'load') {
    for (const one of message.instances) send({ type: 'ready', loadMs: 1, ...one })
  }
  if (message?.type !== 'batch') return
  const elapsedMs = performance.now() - receivedMs
  send({
    ...{ type: 'result', batch: message.batch, queueMs: 0, computeMs: elapsedMs, elapsedMs },
    items: message.items.map(() => ({ ok: true, fields: { text: 'passed' }, children: {} })),
  })
}

function onBare(data: ArrayBuffer): void {
  const { batch } = decodeFrame(new Uint8Array(data)).header as { batch: number }
  socket.send(JSON.stringify({ type: 'result', batch, answer: ANSWER }))
}

socket.onmessage = ({ data }) => kind === 'bare' ? onBare(data) : onShoal(data)
await new Promise((open) => socket.onopen = open)
if (kind === 'shoal') {
  send({
    ...{ type: 'hello', protocol: PROTOCOL_VERSION, nodeId: 'idle', epoch: 1 },
    ...{ runtime: 'deno', backend: 'wasm', slots: Number(slots) },
  })
}
await answerLines(null)

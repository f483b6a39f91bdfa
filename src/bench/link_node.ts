/** A node without models at the end of a real link: it says that it holds whatever it is to hold. @module */
import {
  type BatchMessage,
  createCoordinatorMessageReader,
  encodeMessage,
  type NodeMessage,
  PROTOCOL_VERSION,
  type WireData,
} from '../protocol/mod.ts'

type Send = (message: NodeMessage, blobs?: Uint8Array[]) => void

export async function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/link`)
  socket.binaryType = 'arraybuffer'
  await new Promise((open, fail) => {
    socket.onopen = open
    socket.onerror = fail
  })
  return socket
}

/** @param run is given each batch, and when its frame came, and answers it by `send` */
export async function joinLink(
  url: string,
  about: { nodeId: string; slots: number; name?: string },
  run: (batch: BatchMessage, send: Send, receivedMs: number) => void,
): Promise<void> {
  const socket = await openSocket(url)
  const read = createCoordinatorMessageReader()
  let serial = 0
  const send: Send = (message, blobs = []) => {
    if (socket.readyState !== WebSocket.OPEN) return
    for (const data of encodeMessage(message, blobs, ++serial)) socket.send(data)
  }
  socket.onmessage = ({ data }) => {
    const receivedMs = performance.now()
    const message = read(data as WireData)?.message
    if (message?.type === 'ping') send({ type: 'pong', n: message.n })
    if (message?.type === 'load') {
      for (const one of message.instances) send({ type: 'ready', loadMs: 1, ...one })
    }
    if (message?.type === 'batch') run(message, send, receivedMs)
  }
  send({
    ...{ type: 'hello', protocol: PROTOCOL_VERSION, epoch: 1, runtime: 'deno', backend: 'wasm' },
    ...about,
  })
}

/** Requests as bytes on a socket, for those that end it at any point. */
import { connect, type Socket } from 'node:net'

export const encode = (text: string) => new TextEncoder().encode(text)

export const rawGet = (path: string, headers = '') =>
  encode(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`)

/** Headers that ask for a WebSocket. */
export const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

/** A masked frame of text, whose mask is zero. */
export const frame = (text: string) =>
  new Uint8Array([
    ...[0x81, 0x80 | 126, text.length >> 8, text.length & 255],
    ...[0, 0, 0, 0],
    ...encode(text),
  ])

/** How far it goes: bytes of the request that are sent, and bytes of the answer that are waited for. */
export interface Cut {
  sent: number
  read: number
  /** With a reset, as a process that is killed, or in order, as a tab that is closed. */
  reset: boolean
}

/** Connects, goes as far as that, and ends the socket. */
export async function hangUp(port: number, request: Uint8Array, { sent, read, reset }: Cut) {
  const socket: Socket = connect(port, '127.0.0.1')
  const closed = new Promise<void>((done) => socket.once('close', () => done()))
  socket.on('error', () => {})
  await new Promise<void>((done) => socket.write(request.subarray(0, sent), () => done()))
  let got = 0
  await Promise.race([
    closed,
    new Promise<void>((done) => {
      if (read === 0) return done()
      socket.on('data', (part) => {
        got += part.length
        if (got >= read) done()
      })
    }),
  ])
  if (reset) socket.resetAndDestroy()
  else socket.destroy()
  await closed
}

/** A frame of bytes, likewise. */
export function binaryFrame(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const framed = new Uint8Array(14 + bytes.length)
  framed.set([0x82, 0x80 | 127])
  new DataView(framed.buffer).setUint32(6, bytes.length)
  framed.set(bytes, 14)
  return framed
}

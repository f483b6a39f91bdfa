/**
 * A small WebSocket client (RFC 6455) that sends each frame at once.
 *
 * Deno's own client writes a frame's head and its payload apart and leaves Nagle's algorithm on, so
 * that with the other side's delayed acknowledgement each frame of over 1 kB takes 40 ms longer than
 * the network needs: more than many a batch. Browsers have no such trouble and use their own.
 *
 * @module
 */
import { Buffer } from 'node:buffer'
import { createHash, randomBytes } from 'node:crypto'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { MAX_FRAME_BYTES } from '../protocol/messages.ts'
import type { WireData } from '../protocol/read.ts'
import type { OpenTransport } from './transport.ts'
import { createFrameParser, encodeClientFrame, OPCODE } from './ws_frame.ts'

/** Longest wait for the other side's part of the closing handshake. */
const CLOSE_MS = 1000
const HANDSHAKE_MS = 15_000
const MAX_HEAD_BYTES = 16 * 1024

/** As `openWebSocket`, for `ws:` and `wss:` addresses. */
export const openNodelaySocket: OpenTransport = (address, events) => {
  const url = new URL(address)
  const secure = url.protocol === 'wss:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port === '' ? (secure ? 443 : 80) : url.port)
  const socket: Socket = secure
    ? connectTls({ host, port, servername: host })
    : connectTcp({ host, port })
  socket.setNoDelay(true)
  const key = randomBytes(16).toString('base64')
  let state: 'joining' | 'open' | 'closing' | 'closed' = 'joining'
  let head = Buffer.alloc(0)
  let onGone = () => {}
  const gone = new Promise<void>((resolve) => onGone = resolve)
  const patience = setTimeout(() => finish(1006, 'no answer to the handshake'), HANDSHAKE_MS)

  function finish(code: number, reason: string): void {
    clearTimeout(patience)
    socket.destroy()
    onGone()
    if (state === 'closed') return
    const told = state === 'closing'
    state = 'closed'
    if (!told) events.closed(code, reason)
  }

  const write = (opcode: number, payload: Uint8Array) =>
    socket.write(encodeClientFrame(opcode, payload, randomBytes(4)))

  const parse = createFrameParser(MAX_FRAME_BYTES, {
    message(data: WireData) {
      if (state === 'open') events.received(data)
    },
    ping: (payload) => void write(OPCODE.pong, payload),
    close(code, reason) {
      if (state === 'open') write(OPCODE.close, codeBytes(code === 1005 ? 1000 : code))
      socket.end()
      finish(code, reason)
    },
    fault(code, reason) {
      if (state === 'open') write(OPCODE.close, codeBytes(code))
      finish(code, reason)
    },
  })

  function shakeHands(chunk: Buffer): void {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) {
      if (head.byteLength > MAX_HEAD_BYTES) finish(1006, 'the answer to the handshake has no end')
      return
    }
    const text = head.subarray(0, end).toString('latin1')
    const fault = handshakeFault(text, key)
    if (fault !== undefined) return finish(1006, fault)
    clearTimeout(patience)
    state = 'open'
    events.opened()
    const rest = head.subarray(end + 4)
    head = Buffer.alloc(0)
    if (rest.byteLength > 0) parse(rest)
  }

  socket.once(secure ? 'secureConnect' : 'connect', () => {
    socket.write(
      `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n` +
        `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\n` +
        'Sec-WebSocket-Version: 13\r\n\r\n',
    )
  })
  socket.on('data', (chunk: Buffer) => state === 'joining' ? shakeHands(chunk) : parse(chunk))
  socket.on('error', (error: Error) => finish(1006, error.message))
  socket.on('close', () => finish(1006, 'the connection broke'))

  return {
    send(data) {
      if (state !== 'open') return
      if (typeof data === 'string') write(OPCODE.text, new TextEncoder().encode(data))
      else write(OPCODE.binary, new Uint8Array(data))
    },
    async close() {
      if (state === 'closed') return
      if (state === 'joining') return finish(1000, 'closed here')
      write(OPCODE.close, codeBytes(1000))
      state = 'closing'
      events.closed(1000, 'closed here')
      const late = setTimeout(() => finish(1000, 'closed here'), CLOSE_MS)
      await gone
      clearTimeout(late)
    },
  }
}

function codeBytes(code: number): Uint8Array {
  return Uint8Array.of(code >> 8, code & 0xff)
}

function handshakeFault(head: string, key: string): string | undefined {
  const [status = '', ...lines] = head.split('\r\n')
  if (!/^HTTP\/1\.1 101/.test(status)) return `the coordinator answered ${status.slice(0, 80)}`
  const accept = lines.find((line) => /^sec-websocket-accept:/i.test(line))
  const wanted = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  const got = accept?.slice(accept.indexOf(':') + 1).trim()
  return got === wanted ? undefined : 'the coordinator is no WebSocket server'
}

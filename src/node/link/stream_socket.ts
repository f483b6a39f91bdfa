/**
 * A small WebSocket client (RFC 6455) over a byte stream, which sends each frame in one piece.
 *
 * For Deno, whose own client writes a frame's head and its payload apart and leaves Nagle's
 * algorithm on, so that with the other side's delayed acknowledgement each frame of over 1 kB takes
 * 40 ms longer than the network needs: more than many a batch. Browsers have no such trouble.
 *
 * @module
 */
import { MAX_FRAME_BYTES } from '../../protocol/messages.ts'
import type { OpenTransport } from './transport.ts'
import { createFrameParser, encodeClientFrame, OPCODE } from './ws_frame.ts'

/** A connection that delays nothing. */
export interface ByteStream {
  readonly chunks: AsyncIterable<Uint8Array>
  /** Resolves when all of it is on its way. */
  write(bytes: Uint8Array): Promise<void>
  /** May be called more than once. */
  close(): void
}

export type Connect = (hostname: string, port: number, secure: boolean) => Promise<ByteStream>

/** Longest wait for the other side's part of the closing handshake. */
const CLOSE_MS = 1000
const MAX_HEAD_BYTES = 16 * 1024

/** Opens links over what `connect` gives. */
export function createSocketOpener(connect: Connect): OpenTransport {
  return function openStreamSocket(address, events) {
    const url = new URL(address)
    const secure = url.protocol === 'wss:'
    const key = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))))
    let state: 'joining' | 'open' | 'closing' | 'closed' = 'joining'
    let stream: ByteStream | undefined
    let writes: Promise<void> = Promise.resolve()
    let onGone = () => {}
    const gone = new Promise<void>((resolve) => onGone = resolve)

    function finish(code: number, reason: string): void {
      stream?.close()
      onGone()
      if (state === 'closed') return
      const told = state === 'closing'
      state = 'closed'
      if (!told) events.closed(code, reason)
    }

    function write(opcode: number, payload: Uint8Array): Promise<void> {
      const frame = encodeClientFrame(opcode, payload, crypto.getRandomValues(new Uint8Array(4)))
      // In order, each whole: the stream may take a large one in parts.
      writes = writes.then(() => stream!.write(frame))
        .catch((error: unknown) => finish(1006, String(error)))
      return writes
    }

    const parse = createFrameParser(MAX_FRAME_BYTES, {
      message(data) {
        if (state === 'open') events.received(data)
      },
      ping: (payload) => void write(OPCODE.pong, payload),
      close(code, reason) {
        const answered = state === 'open' ? write(OPCODE.close, codeBytes(1000)) : writes
        void answered.then(() => finish(code, reason))
      },
      fault(code, reason) {
        void write(OPCODE.close, codeBytes(code)).then(() => finish(code, reason))
      },
    })

    async function run(): Promise<void> {
      const port = Number(url.port === '' ? (secure ? 443 : 80) : url.port)
      stream = await connect(url.hostname.replace(/^\[|\]$/g, ''), port, secure)
      if (state !== 'joining') return stream.close()
      await stream.write(new TextEncoder().encode(
        `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n` +
          `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\n` +
          'Sec-WebSocket-Version: 13\r\n\r\n',
      ))
      // One character a byte, so that what follows the head comes out as it went in.
      let head = ''
      for await (const chunk of stream.chunks) {
        if (state !== 'joining') {
          parse(chunk)
          continue
        }
        const before = head.length
        head += String.fromCharCode(...chunk.subarray(0, MAX_HEAD_BYTES))
        const end = head.indexOf('\r\n\r\n')
        if (end < 0 && head.length < MAX_HEAD_BYTES) continue
        const fault = end < 0 ? 'the answer has no end' : await handshakeFault(head, key)
        if (fault !== undefined) return finish(1006, fault)
        if (state !== 'joining') return
        state = 'open'
        events.opened()
        parse(chunk.subarray(end + 4 - before))
      }
      finish(1006, 'the connection broke')
    }

    run().catch((error: unknown) => finish(1006, String(error)))

    return {
      send(data) {
        if (state !== 'open') return
        if (typeof data === 'string') void write(OPCODE.text, new TextEncoder().encode(data))
        else void write(OPCODE.binary, new Uint8Array(data))
      },
      async close() {
        if (state === 'closed') return
        if (state === 'joining') return finish(1000, 'closed here')
        state = 'closing'
        events.closed(1000, 'closed here')
        void write(OPCODE.close, codeBytes(1000))
        const late = setTimeout(() => finish(1000, 'closed here'), CLOSE_MS)
        await gone
        clearTimeout(late)
      },
    }
  }
}

const codeBytes = (code: number): Uint8Array => Uint8Array.of(code >> 8, code & 0xff)

async function handshakeFault(head: string, key: string): Promise<string | undefined> {
  const [status = '', ...lines] = head.split('\r\n')
  if (!/^HTTP\/1\.1 101/.test(status)) return `the coordinator answered ${status.slice(0, 80)}`
  const accept = lines.find((line) => /^sec-websocket-accept:/i.test(line))
  const text = new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', text))
  const wanted = btoa(String.fromCharCode(...digest))
  const got = accept?.slice(accept.indexOf(':') + 1).trim()
  return got === wanted ? undefined : 'the coordinator is no WebSocket server'
}

/**
 * The socket under a link, as an interface so that tests can be one.
 *
 * @module
 */
import type { WireData } from '../../protocol/read.ts'

export interface Transport {
  send(data: WireData): void
  /** Resolves when the other side has everything sent before, or did not say so in a second. */
  close(): Promise<void>
}

export interface TransportEvents {
  opened(): void
  received(data: WireData): void
  /** Once, whatever the cause; `code` 1006 where the other side was not heard of any more. */
  closed(code: number, reason: string): void
}

export type OpenTransport = (url: string, events: TransportEvents) => Transport

/** A WebSocket. Frames sent before it is open or after it closed are dropped. */
export const openWebSocket: OpenTransport = (url, events) => {
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  let over = false
  const closed = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve()))
  const finish = (code: number, reason: string) => {
    if (over) return
    over = true
    events.closed(code, reason)
  }
  socket.addEventListener('open', () => events.opened())
  socket.addEventListener('message', ({ data }) => {
    if (!over) events.received(data)
  })
  socket.addEventListener('close', ({ code, reason }) => finish(code, reason))
  // Some runtimes report a refused connection by an error alone.
  socket.addEventListener('error', () => {
    if (socket.readyState !== WebSocket.OPEN) finish(1006, 'the connection failed')
  })
  return {
    send(data) {
      if (socket.readyState === WebSocket.OPEN) socket.send(data)
    },
    async close() {
      socket.close(1000)
      finish(1000, 'closed here')
      // The peer may never answer the closing handshake.
      let timer
      await Promise.race([closed, new Promise((done) => timer = setTimeout(done, 1000))])
      clearTimeout(timer)
    },
  }
}

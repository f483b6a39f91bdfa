/**
 * The coordinator's end of a WebSocket, which closes even if the other side does not answer.
 *
 * @module
 */
import type { Socket } from './link.ts'

export interface LinkSocket extends Socket {
  /** Ends the connection at once, and frees a message that is not whole. */
  breakOff(): void
}

/**
 * No pings of the socket: a link has its own, and the socket's would set a timer with each message.
 */
const IDLE = { idleTimeout: 0 }
/** Time for the other side to answer a close, before its connection is broken off. */
const CLOSING_MS = 2000

export interface Upgrade {
  response: Response
  /** The WebSocket itself, for its events. */
  web: WebSocket
  socket: LinkSocket
}

/** @throws TypeError where the request is no handshake */
export function upgrade(request: Request): Upgrade {
  const { response, socket: web } = Deno.upgradeWebSocket(request, IDLE)
  let late: ReturnType<typeof setTimeout> | undefined
  web.addEventListener('close', () => clearTimeout(late))
  const socket: LinkSocket = {
    send: (data) => web.send(data),
    get bufferedAmount() {
      return web.bufferedAmount
    },
    close(code, reason) {
      late ??= setTimeout(socket.breakOff, CLOSING_MS)
      web.close(code, reason)
    },
    breakOff() {
      clearTimeout(late)
      breakOff(web)
    },
  }
  return { response, web, socket }
}

/**
 * `close()` waits for the other side without end, and gathers what it sends (denoland/deno#27924).
 * Deno ends its own idle sockets this way, but has no public call for it.
 */
function breakOff(web: WebSocket): void {
  const { internal } = Deno as unknown as { internal?: symbol }
  const { core } = (Reflect.get(Deno, internal ?? '') ?? {}) as Internals
  const rid = Object.getOwnPropertySymbols(web).find(({ description }) => description === RID)
  const resource = rid && Reflect.get(web, rid)
  if (typeof resource === 'number') core?.tryClose?.(resource)
}

const RID = '[[rid]]'

interface Internals {
  core?: { tryClose?(resource: number): void }
}

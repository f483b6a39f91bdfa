/**
 * The coordinator's end of a WebSocket, which closes whatever the other side does.
 *
 * @module
 */
import type { Socket } from './link.ts'

export interface LinkSocket extends Socket {
  /** Ends the connection at once, and gives back what was gathered of a message. */
  breakOff(): void
}

/** A link has heartbeats of its own; the socket's would make a timer anew with each message. */
const IDLE = { idleTimeout: 0 }
/** What the other side has to answer a closing in, before its connection is broken off. */
const CLOSING_MS = 2000

export interface Upgrade {
  response: Response
  /** For its events. */
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
 * `close()` waits for the other side without end, and goes on gathering what it sends
 * (denoland/deno#27924). Deno itself ends its idle sockets so, but lets nobody else do it.
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

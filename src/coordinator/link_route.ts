/**
 * `GET /v1/link`: from a request to a link of the pool.
 *
 * @module
 */
import type { Hono } from 'hono'
import { upgradeWebSocket } from 'hono/deno'
import type { WireData } from '../protocol/mod.ts'
import { ApiError } from './api_error.ts'
import type { Doors } from './doors/doors.ts'
import { createLobby } from './doors/lobby.ts'
import type { Link } from './link.ts'
import type { Log } from './log.ts'
import { hostOf, mayLink } from './origin.ts'
import type { Assets } from './pages.ts'
import type { Pool } from './pool.ts'

export interface LinkRouteOptions {
  pool: Pool
  doors: Doors
  hosts: readonly string[]
  assets: Assets | undefined
  log: Log
}

/** A link has heartbeats of its own; the socket's would make a timer anew with each message. */
const IDLE = { idleTimeout: 0 }

export function mountLink(app: Hono, options: LinkRouteOptions): void {
  const { pool, doors, hosts, assets, log } = options
  const lobby = createLobby()
  app.get(
    '/v1/link',
    async (c, next) => {
      if (!mayLink(c.req.header('origin'), hostOf(c.req), hosts)) {
        throw new ApiError('forbidden', 'Cannot open a link from a page of another origin')
      }
      if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
        throw new ApiError('invalid_input', 'Cannot open a link: /v1/link takes WebSockets')
      }
      await next()
    },
    upgradeWebSocket((c) => {
      const remedy = remedyFor(c.req.url, c.req.header('origin') !== undefined, assets)
      const caller = doors.caller(c)
      let leave = () => {}
      if (!caller.local) {
        leave = lobby.enter(caller.address)
        // A socket that breaks off before it is open never says so itself.
        c.req.raw.signal.addEventListener('abort', leave, { once: true })
      }
      const admit = doors.admits(caller)
      let link: Link | undefined
      return {
        onOpen(_, ws) {
          const socket = ws.raw
          if (socket === undefined) return
          socket.binaryType = 'arraybuffer'
          link = pool.connect(socket, admit, remedy)
        },
        onMessage(event) {
          try {
            link?.receive(event.data as WireData)
          } catch (error) {
            // What one node says must not take the others' coordinator down.
            log(`fault: ${(error as Error).stack}`, 'error', { event: 'fault', path: c.req.path })
            link?.close(1011, 'a fault in the coordinator')
          }
          if (link?.open) leave()
        },
        onClose(event) {
          leave()
          link?.lost(`closed with ${event.code} ${event.reason}`.trim())
        },
        onError() {
          leave()
          link?.lost('the connection broke')
        },
      }
    }, IDLE),
  )
}

/** How a node of another version comes by this one. */
function remedyFor(url: string, isPage: boolean, assets: Assets | undefined): string {
  if (isPage) return 'load the page again'
  const { origin, host } = new URL(url)
  const pull = 'update the node: pull the current checkout'
  if (assets?.has('/node.js') !== true) return pull
  return `${pull}, or run deno run -r --allow-net=${host} ${origin}/node.js`
}

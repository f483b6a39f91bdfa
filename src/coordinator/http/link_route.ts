/**
 * `GET /v1/link`: from a request to a link of the pool.
 *
 * @module
 */
import type { Hono } from 'hono'
import type { WireData } from '../../protocol/mod.ts'
import { ApiError } from '../core/api_error.ts'
import type { Key } from '../core/keys.ts'
import type { Log } from '../core/log.ts'
import type { Link } from '../nodes/link.ts'
import { type Upgrade, upgrade } from '../nodes/link_socket.ts'
import type { Pool } from '../pool/pool.ts'
import type { Access } from './access/access.ts'
import { createGrowth } from './access/growth.ts'
import { createPendingSockets } from './access/pending_sockets.ts'
import { createVoters } from './access/voter.ts'
import { hostOf, mayLink } from './origin.ts'
import type { Assets } from './pages.ts'

export interface LinkRouteOptions {
  pool: Pool
  access: Access
  hosts: readonly string[]
  assets: Assets | undefined
  log: Log
  now: () => number
}

/** A node closed for a bad message waits this many times its reading time. */
const WAIT_FACTOR = 10

export function mountLink(app: Hono, options: LinkRouteOptions): void {
  const { pool, access, hosts, assets, log, now } = options
  const pending = createPendingSockets(now)
  const growth = createGrowth()
  const voterOf = createVoters(access.keyring, hosts)
  app.get('/v1/link', (c) => {
    const origin = c.req.header('origin')
    if (!mayLink(origin, hostOf(c.req), hosts)) {
      throw new ApiError('forbidden', 'Cannot open a link from a page of another origin')
    }
    if (c.req.header('upgrade') === undefined) {
      throw new ApiError('invalid_input', 'Cannot open a link: /v1/link takes WebSockets')
    }
    const remedy = remedyFor(c.req.url, origin !== undefined, assets)
    const caller = access.caller(c)
    const admit = access.admits(caller)
    const leavePending = caller.local ? () => {} : pending.enter(caller.address)
    const blamed = (spentMs: number) => {
      if (!caller.local) pending.turnAway(caller.address, WAIT_FACTOR * spentMs)
    }
    let link: Link | undefined
    let breakOff = () => {}
    const grown = () => {
      link?.close(1013, 'too much was said before hello')
      breakOff()
    }
    // A node that needs no token may join whatever its hello is: its memory is not watched.
    const unwatch = admit(undefined) === undefined ? growth.watch(grown) : () => {}
    const leave = () => {
      leavePending()
      unwatch()
    }
    const { response, web, socket } = shakeHands(c.req.raw, leave)
    breakOff = socket.breakOff
    web.onopen = () => {
      web.binaryType = 'arraybuffer'
      const voter = (key: Key | null) => voterOf(caller, key)
      link = pool.connect(socket, admit, { remedy, blamed, voter })
    }
    web.onmessage = ({ data }) => {
      try {
        link?.receive(data as WireData)
      } catch (error) {
        // A message of one node must not end the coordinator of all others.
        log(`fault: ${(error as Error).stack}`, 'error', { event: 'fault', path: c.req.path })
        link?.close(1011, 'a fault in the coordinator')
      }
      if (link?.open) leave()
    }
    web.onclose = ({ code, reason }) => {
      leave()
      link?.lost(`closed with ${code} ${reason}`.trim())
    }
    web.onerror = () => {
      leave()
      link?.lost('the connection broke')
    }
    return response
  })
}

/**
 * Answers a handshake. A socket that will not open leaves the pending sockets.
 *
 * @throws ApiError `invalid_input` where the request is no handshake
 */
function shakeHands(request: Request, leave: () => void): Upgrade {
  try {
    // Deno checks all of the handshake but its version.
    if (request.headers.get('sec-websocket-version') !== '13') {
      throw new TypeError("Invalid Header: 'sec-websocket-version' header must be 13")
    }
    // No event of the socket tells that it broke off before it opened.
    request.signal.addEventListener('abort', leave, { once: true })
    if (request.signal.aborted) leave()
    return upgrade(request)
  } catch (error) {
    leave()
    throw new ApiError('invalid_input', `Cannot open a link: ${(error as Error).message}`)
  }
}

/** How a node of another version gets the version of this coordinator. */
function remedyFor(url: string, isPage: boolean, assets: Assets | undefined): string {
  if (isPage) return 'load the page again'
  const { origin, host } = new URL(url)
  const pull = 'update the node: pull the current checkout'
  if (assets?.has('/node.js') !== true) return pull
  return `${pull}, or run deno run -r --allow-net=${host} ${origin}/node.js`
}

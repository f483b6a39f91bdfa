/**
 * What browsers and machines without a checkout are given: pages, scripts, the engine's files.
 *
 * Built elsewhere and handed in as data. Every answer isolates its page (WebAssembly shares memory
 * between threads only then) and lets it run nothing but files of this coordinator.
 *
 * @module
 */
import type { Hono } from 'hono'
import { asksBody } from './asks_body.ts'
import { hostOf } from './origin.ts'

export interface Asset {
  /** Bytes, or what reads them anew for each request. */
  body: string | Uint8Array<ArrayBuffer> | (() => ReadableStream<Uint8Array>)
  type: string
}

/** By path, as `/assets/NAME.HASH.js`. */
export type Assets = ReadonlyMap<string, Asset>

const HOST = /^[\w.-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i

/** Adds a route for each asset. */
export function mountPages(app: Hono, assets: Assets): void {
  for (const [path, { body, type }] of assets) {
    app.get(path, (c) => {
      const headers: Record<string, string> = {
        ...pageHeaders(hostOf(c.req)),
        'content-type': type,
        // Names under /assets/ hold a hash: another content is another name. Engines are large and
        // the network near, so that packing them costs more than it saves.
        'cache-control': !path.startsWith('/assets/')
          ? 'no-cache'
          : `public, max-age=31536000, immutable${
            type === 'application/wasm' ? ', no-transform' : ''
          }`,
      }
      return c.body(typeof body === 'function' ? asksBody(c) ? body() : '' : body, 200, headers)
    })
  }
}

/** @param host where the page came from, to which links may be opened */
export function pageHeaders(host: string | undefined): Record<string, string> {
  // Older browsers do not count a WebSocket to the same host as 'self'.
  const links = host !== undefined && HOST.test(host) ? ` ws://${host} wss://${host}` : ''
  return {
    'content-security-policy': [
      `default-src 'none'`,
      `script-src 'self' 'wasm-unsafe-eval'`,
      `worker-src 'self'`,
      `connect-src 'self'${links}`,
      `style-src 'self'`,
      `img-src 'self' data:`,
      `base-uri 'none'`,
      `form-action 'none'`,
      `frame-ancestors 'none'`,
    ].join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  }
}

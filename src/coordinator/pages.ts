/**
 * What browsers and machines without a checkout are given: pages, scripts, the engine's files.
 *
 * Built elsewhere and handed in as data. Every answer isolates its page (WebAssembly shares memory
 * between threads only then) and lets it run nothing but files of this coordinator.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import { accepts } from 'hono/accepts'
import { asksBody } from './asks_body.ts'
import { hostOf } from './origin.ts'

export interface Asset {
  /** Bytes, or what reads them anew for each request. */
  body: string | Uint8Array<ArrayBuffer> | (() => ReadableStream<Uint8Array>)
  type: string
  /** How many there are of bytes that are read anew, where that is known. */
  bytes?: number
  /** The same, gzipped; absent where that gains nothing. */
  packed?: () => Promise<Uint8Array<ArrayBuffer>>
}

/** By path, as `/assets/NAME.HASH.js`. */
export type Assets = ReadonlyMap<string, Asset>

const HOST = /^[\w.-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i

/** Adds a route for each asset. */
export function mountPages(app: Hono, assets: Assets): void {
  for (const [path, { body, type, bytes, packed }] of assets) {
    app.get(path, async (c) => {
      const headers: Record<string, string> = {
        ...pageHeaders(hostOf(c.req)),
        'content-type': type,
        // Names under /assets/ hold a hash: another content is another name.
        'cache-control': path.startsWith('/assets/')
          ? 'public, max-age=31536000, immutable'
          : 'no-cache',
      }
      const isPacked = packed !== undefined && takesGzip(c)
      if (packed !== undefined) headers.vary = 'accept-encoding'
      if (isPacked) headers['content-encoding'] = 'gzip'
      if (isPacked) return c.body(await packed(), 200, headers)
      if (typeof body !== 'function') return c.body(body, 200, headers)
      if (bytes === undefined) return c.body(body(), 200, headers)
      headers['content-length'] = String(bytes)
      return c.body(asksBody(c) ? body() : '', 200, headers)
    })
  }
}

const takesGzip = (c: Context): boolean =>
  accepts(c, {
    header: 'Accept-Encoding',
    supports: ['gzip', 'identity'],
    default: 'identity',
  }) === 'gzip'

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

/**
 * Files for browsers and for machines without a checkout: pages, scripts, the engine's files.
 *
 * They are built elsewhere and passed in as data. Every answer isolates its page (WebAssembly
 * shares memory between threads only then) and lets it run files of this coordinator alone.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import { accepts } from 'hono/accepts'
import { EMBED_PAGE, embedHeaders } from './embed.ts'
import { hostOf } from './origin.ts'
import { wantsBody } from './wants_body.ts'

export interface Asset {
  /** Bytes, or a function that reads them for each request. */
  body: string | Uint8Array<ArrayBuffer> | (() => ReadableStream<Uint8Array>)
  type: string
  /** Length of the body where a function reads it and the length is known. */
  bytes?: number
  /** The body gzipped; absent where that gains nothing. */
  packed?: () => Promise<Uint8Array<ArrayBuffer>>
}

/** By path, as `/assets/NAME.HASH.js`. */
export type Assets = ReadonlyMap<string, Asset>

const HOST = /^[\w.-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i

/**
 * Adds a route for each asset.
 *
 * @param embedders origins of pages that may show the join page in a frame
 */
export function mountPages(app: Hono, assets: Assets, embedders: readonly string[] = []): void {
  for (const [path, { body, type, bytes, packed }] of assets) {
    app.get(path, async (c) => {
      const headers: Record<string, string> = {
        ...pageHeaders(hostOf(c.req), path === EMBED_PAGE ? embedders : []),
        ...embedHeaders(path, c.req.header('origin'), embedders),
        'content-type': type,
        // Names under /assets/ hold a hash of their content.
        'cache-control': path.startsWith('/assets/')
          ? 'public, max-age=31536000, immutable'
          : 'no-cache',
      }
      const isPacked = packed !== undefined && takesGzip(c)
      if (packed !== undefined) {
        headers.vary = headers.vary === undefined
          ? 'accept-encoding'
          : `${headers.vary}, accept-encoding`
      }
      if (isPacked) headers['content-encoding'] = 'gzip'
      if (isPacked) return c.body(await packed(), 200, headers)
      if (typeof body !== 'function') return c.body(body, 200, headers)
      if (bytes === undefined) return c.body(body(), 200, headers)
      headers['content-length'] = String(bytes)
      return c.body(wantsBody(c) ? body() : '', 200, headers)
    })
  }
}

const takesGzip = (c: Context): boolean =>
  accepts(c, {
    header: 'Accept-Encoding',
    supports: ['gzip', 'identity'],
    default: 'identity',
  }) === 'gzip'

/**
 * @param host host of the page, to which it may open links
 * @param embedders origins of pages that may show the page in a frame
 */
export function pageHeaders(
  host: string | undefined,
  embedders: readonly string[] = [],
): Record<string, string> {
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
      `frame-ancestors ${embedders.length === 0 ? `'none'` : `'self' ${embedders.join(' ')}`}`,
    ].join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  }
}

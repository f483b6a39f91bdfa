/**
 * Headers of every answer, and headers that let chosen applications of other origins call.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { compressed } from '../compress.ts'

/**
 * A browser neither shows nor runs data under these headers, and caches none. They are few, since
 * each costs every query some time; pages have more of their own.
 */
export const SECURE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
}
const SECURE = Object.entries(SECURE_HEADERS)

/** Headers that identify a query, echoed in its answer. */
const ECHOED = ['x-request-id', 'traceparent']
const LONGEST_ECHO = 128
const IS_ECHOED = /^\/(v1\/(pipelines|chat|completions|models|jobs|files|batches|ocr)|v2|ocr)(\/|$)/

/** The context's field of an answer that has all its headers from the start. */
const WHOLE = 'whole'

/**
 * An answer with all its headers, those of `finish` included. They are added one by one: headers
 * passed to the constructor are quicker to send, but take longer to make and to collect as garbage.
 */
export function respondWhole(c: Context, text: string, own: Record<string, string>): Response {
  c.set(WHOLE, true)
  const response = new Response(compressed(c.req.raw.headers, text, own))
  const { headers } = response
  for (const name in own) headers.set(name, own[name]!)
  for (const name in SECURE_HEADERS) headers.append(name, SECURE_HEADERS[name]!)
  for (const name of ECHOED) {
    const value = echoOf(c, name)
    if (value !== undefined) headers.set(name, value)
  }
  return response
}

function echoOf(c: Context, name: string): string | undefined {
  const value = c.req.header(name)
  return value !== undefined && value.length <= LONGEST_ECHO ? value : undefined
}

/** One middleware for all headers: each middleware costs every query some time. */
export const finish: MiddlewareHandler = async (c, next) => {
  await next()
  if (c.get(WHOLE) === true) return
  const { headers, status } = c.res
  if (status === 101) return
  // Hono drops the body of a HEAD, and the server would send no length.
  if (c.req.method === 'HEAD' && c.res.body !== null && !headers.has('content-length')) {
    headers.set('content-length', String((await c.res.bytes()).byteLength))
  }
  if (IS_ECHOED.test(c.req.path)) {
    for (const name of ECHOED) {
      const value = echoOf(c, name)
      if (value !== undefined) headers.set(name, value)
    }
  }
  if (headers.has('content-security-policy')) return
  for (const [name, value] of SECURE) {
    if (name !== 'cache-control' || !headers.has(name)) headers.set(name, value)
  }
}

/** @param origins of applications that may ask from a browser, as `https://app.example` */
export const allowOrigins = (origins: readonly string[]): MiddlewareHandler =>
  cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST', 'DELETE'],
    allowHeaders: [
      ...['authorization', 'content-encoding', 'content-type', 'traceparent'],
      'inference-header-content-length',
      ...['x-min-accuracy', 'x-prefer', 'x-request-id', 'x-request-timeout-ms', 'x-unverified'],
      ...['x-ttft-ms', 'x-tpot-ms'],
      // Headers that OpenAI's client sends about itself.
      ...[
        'lang',
        'package-version',
        'os',
        'arch',
        'runtime',
        'runtime-version',
        'retry-count',
        'timeout',
      ]
        .map((name) => `x-stainless-${name}`),
    ],
    exposeHeaders: [
      'content-disposition',
      'location',
      ...['inference-header-content-length', 'retry-after', 'server-timing', 'x-request-id'],
    ],
    maxAge: 600,
  })

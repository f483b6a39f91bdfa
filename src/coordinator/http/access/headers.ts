/**
 * Headers of every answer, and those that let chosen applications in other origins ask.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { compressed } from '../compress.ts'

/**
 * Whatever a browser takes data for, it shows and runs nothing of it; figures, answers and refusals
 * are of their moment, and of whoever asked. Few, since each query pays for each of them; pages come
 * with more of their own.
 */
export const SECURE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
}
const SECURE = Object.entries(SECURE_HEADERS)

/** What a caller knows its query by, echoed. */
const ECHOED = ['x-request-id', 'traceparent']
const LONGEST_ECHO = 128
const IS_ECHOED = /^\/(v1\/(pipelines|chat|completions|models|jobs|files|batches|ocr)|v2|ocr)(\/|$)/

/** Set for an answer that has all its headers from the start. */
const WHOLE = 'whole'

/**
 * An answer with all its headers, those that `finish` adds to others included. They are added one by
 * one: of several that a response begins with Deno makes something that is quicker to send, but more
 * to make, and to be watched by the garbage collector.
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

/** One step for all that every answer gets: each step of its own costs each query some time. */
export const finish: MiddlewareHandler = async (c, next) => {
  await next()
  if (c.get(WHOLE) === true) return
  const { headers, status } = c.res
  if (status === 101) return
  // Its body is dropped, and the server beneath would tell of none.
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
      // What OpenAI's client tells of itself.
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

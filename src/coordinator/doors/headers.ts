/**
 * Headers of every answer, and those that let chosen applications in other origins ask.
 *
 * @module
 */
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'

/**
 * Whatever a browser takes data for, it shows and runs nothing of it; figures, answers and refusals
 * are of their moment, and of whoever asked. Few, since each query pays for each of them; pages come
 * with more of their own.
 */
export const secureHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  const { headers, status } = c.res
  if (status === 101 || headers.has('content-security-policy')) return
  headers.set('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  headers.set('cross-origin-resource-policy', 'same-origin')
  headers.set('x-content-type-options', 'nosniff')
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
}

/** @param origins of applications that may ask from a browser, as `https://app.example` */
export const allowOrigins = (origins: readonly string[]): MiddlewareHandler =>
  cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST'],
    allowHeaders: [
      ...['authorization', 'content-type', 'inference-header-content-length', 'traceparent'],
      ...['x-min-accuracy', 'x-request-id', 'x-request-timeout-ms'],
    ],
    exposeHeaders: [
      ...['inference-header-content-length', 'retry-after', 'server-timing', 'x-request-id'],
    ],
    maxAge: 600,
  })

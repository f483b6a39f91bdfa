/**
 * Headers of every answer, and those that let chosen applications in other origins ask.
 *
 * @module
 */
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'

/** For answers that are data: whatever a browser takes one for, it shows and runs nothing of it. */
const DATA_HEADERS: readonly [string, string][] = [
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cross-origin-resource-policy', 'same-origin'],
  ['referrer-policy', 'no-referrer'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
]

/** What an answer says itself stays as it is. */
export const secureHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  const { headers, status } = c.res
  if (status === 101) return
  for (const [name, value] of DATA_HEADERS) if (!headers.has(name)) headers.set(name, value)
  // Figures, answers and refusals are of their moment, and of whoever asked.
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
